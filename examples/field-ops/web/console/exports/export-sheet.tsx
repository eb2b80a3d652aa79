import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  Export,
  type ExportFilters,
  type ExportFormat,
  exportFormats,
  type ExportKind,
} from '../../../src/export-answers.ts';
import { Asked, Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Link } from '../frame/router.tsx';
import { Sheet } from '../frame/sheet.tsx';
import { ExportProgress } from './export-progress.tsx';
import { formatWords, kindWords } from './export-words.ts';

interface ExportSheetProps {
  readonly kind: ExportKind;
  readonly filters?: ExportFilters;
  readonly what: string;
  readonly days?: boolean;
  onClose(): void;
}

/** Asks for a file, and waits with whoever wants to; the file is in the list of exports as well. */
export function ExportSheet({ kind, filters = {}, what, days = false, onClose }: ExportSheetProps) {
  const { api } = useConsole();
  const [format, setFormat] = useState<ExportFormat>('xlsx');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const ask = useMutation({
    mutationFn: () => {
      const between = { ...(from === '' ? {} : { from }), ...(to === '' ? {} : { to }) };
      return api.post('/api/v1/exports', Export, { kind, format, filters: { ...filters, ...between } });
    },
  });
  return (
    <Sheet title={`Export: ${kindWords[kind]}`} onClose={onClose}>
      {ask.isSuccess ? (
        <Waiting asked={ask.data} onClose={onClose} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            ask.mutate();
          }}
        >
          <p>{what}.</p>
          <fieldset>
            <legend>Format</legend>
            {exportFormats.map((id) => (
              <label key={id}>
                <input type="radio" name="format" value={id} checked={format === id} onChange={() => setFormat(id)} />
                <span>
                  <strong>{formatWords[id][0]}</strong> <span className="dim">{formatWords[id][1]}</span>
                </span>
              </label>
            ))}
          </fieldset>
          {days && (
            <div className="fields">
              <label className="field">
                <span>From</span>
                <input type="date" value={from} onChange={(event) => setFrom(event.target.value)} />
              </label>
              <label className="field">
                <span>To</span>
                <input type="date" value={to} onChange={(event) => setTo(event.target.value)} />
              </label>
            </div>
          )}
          {ask.isError && <Failed error={ask.error} />}
          <button type="submit" className="main" data-testid="export-now" disabled={ask.isPending}>
            Write the file
          </button>
          <p className="dim">
            It is written in the background, is of one moment, and is kept for a day. See{' '}
            <Link to="/exports">Exports</Link>.
          </p>
        </form>
      )}
    </Sheet>
  );
}

function Waiting({ asked, onClose }: { asked: Export; onClose(): void }) {
  const { api } = useConsole();
  const query = useQuery({
    queryKey: ['export', asked.id],
    queryFn: ({ signal }) => api.get(`/api/v1/exports/${asked.id}`, Export, signal),
    initialData: asked,
    refetchInterval: ({ state: { data } }) => (data?.state === 'queued' || data?.state === 'running' ? 700 : false),
  });
  return (
    <Asked query={query}>
      {(found) => (
        <div className="waiting">
          <p>
            <strong>{found.fileName}</strong>
          </p>
          <ExportProgress found={found} onChanged={() => void query.refetch()} />
          <p className="dim">
            You may close this: the file waits in{' '}
            <Link to="/exports" onFollow={onClose}>
              Exports
            </Link>
            .
          </p>
        </div>
      )}
    </Asked>
  );
}
