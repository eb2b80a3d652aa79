import { useMutation } from '@tanstack/react-query';
import { Export, ExportLink } from '../../../src/export-answers.ts';
import { Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { bytesInWords, counted } from '../frame/units.ts';
import { stateWords } from './export-words.ts';

/** How far a file is; the way to it when it is there. */
export function ExportProgress({ found, onChanged }: { found: Export; onChanged(): void }) {
  const { api } = useConsole();
  const { id, state, rows, total, bytes, error } = found;
  const fetched = useMutation({
    mutationFn: () => api.post(`/api/v1/exports/${id}/link`, ExportLink, {}),
    // Its answer is a download: the page stays.
    onSuccess: ({ path }) => location.assign(path),
  });
  const ended = useMutation({
    mutationFn: () => api.post(`/api/v1/exports/${id}/remove`, Export, {}),
    onSettled: onChanged,
  });
  const open = state === 'queued' || state === 'running';
  return (
    <div className="export" data-testid="export" data-state={state}>
      <p role="status">
        {stateWords[state]}
        {open && total !== null && `: ${counted(rows)} of ${counted(total)} rows`}
        {state === 'done' && `: ${counted(rows)} rows, ${bytesInWords(bytes)}`}
        {error !== null && `: ${error}`}
      </p>
      {open && (
        <progress aria-label="Rows written" max={Math.max(1, total ?? 1)} value={total === null ? undefined : rows} />
      )}
      {(fetched.isError || ended.isError) && <Failed error={fetched.error ?? ended.error} />}
      <span className="actions">
        {state === 'done' && (
          <button
            type="button"
            className="main"
            data-testid="download"
            disabled={fetched.isPending}
            onClick={() => fetched.mutate()}
          >
            Download
          </button>
        )}
        {(open || state === 'done') && (
          <button type="button" data-testid="end-export" disabled={ended.isPending} onClick={() => ended.mutate()}>
            {open ? 'Cancel' : 'Throw away'}
          </button>
        )}
      </span>
    </div>
  );
}
