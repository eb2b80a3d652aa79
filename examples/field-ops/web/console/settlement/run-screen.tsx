import { useMutation, useQuery } from '@tanstack/react-query';
import { SettlementRun } from '../../../src/settlement-answers.ts';
import { timeFormat } from '../../shared/india-time.ts';
import { ExportButton } from '../exports/export-button.tsx';
import { Asked, Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Link, useQueryString } from '../frame/router.tsx';
import { saveFile } from '../frame/save-file.ts';
import { Tabs } from '../frame/tabs.tsx';
import { bytesInWords, momentInWords, timesInWords } from '../frame/units.ts';
import { Items } from './items.tsx';
import { Lines } from './lines.tsx';
import { RunNumbers } from './run-numbers.tsx';
import { RunState } from './run-state.tsx';

const time = timeFormat('en');

const tabs = [
  ['open', 'What waits for you'],
  ['disbursements', 'Disbursements'],
  ['lines', 'Lines of the file'],
] as const;

/** One file of the bank: what fits, what does not, and what to do about it. */
export function RunScreen({ id }: { id: string }) {
  const { api } = useConsole();
  const [query, change] = useQueryString();
  const show = tabs.find(([tab]) => tab === query.get('show'))?.[0] ?? 'open';
  const path = `/api/v1/settlement/runs/${encodeURIComponent(id)}`;
  const asked = useQuery({
    queryKey: ['settlement-run', id],
    queryFn: ({ signal }) => api.get(path, SettlementRun, signal),
    refetchInterval: ({ state: { data } }) => (data?.state === 'done' || data?.state === 'failed' ? 30_000 : 1_000),
  });
  const again = useMutation({
    mutationFn: () => api.post(`${path}/again`, SettlementRun, {}),
    onSuccess: () => void asked.refetch(),
  });
  const report = useMutation({
    mutationFn: () => api.download(`${path}/report.csv`),
    onSuccess: saveFile,
  });
  return (
    <div className="screen">
      <p className="crumbs">
        <Link to="/settlement">Settlement</Link> / {id.slice(0, 8)}
      </p>
      <Asked query={asked}>
        {(run) => (
          <>
            <div className="screen-top">
              <h1>{run.fileName}</h1>
              <RunState run={run} />
              <span className="dim">
                {bytesInWords(run.fileBytes)} · {momentInWords(run.uploadedAt)} by {run.uploadedBy}
                {run.upTo !== null && ` · up to ${time.day(run.upTo)}`}
                {run.repeats > 0 && ` · run again ${timesInWords(run.repeats)}`}
              </span>
            </div>
            {run.error !== null && (
              <div className="refused" role="alert">
                <p>{run.error} Upload a better file; nothing of this one was posted.</p>
              </div>
            )}
            {(again.isError || report.isError) && <Failed error={again.error ?? report.error} />}
            {run.summary !== null && (
              <>
                <RunNumbers
                  run={{ ...run, summary: run.summary }}
                  onChoose={(chosen, group) => change({ show: chosen, group })}
                />
                <div className="screen-top">
                  <Tabs
                    label="What to show"
                    tabs={tabs}
                    current={show}
                    onChoose={(chosen) => change({ show: chosen === 'open' ? null : chosen, group: null })}
                  />
                  <span className="actions">
                    <button
                      type="button"
                      data-testid="run-again"
                      title="When late phones have reported. Nothing is posted twice."
                      disabled={again.isPending || run.state !== 'done'}
                      onClick={() => again.mutate()}
                    >
                      Run again
                    </button>
                    <button
                      type="button"
                      data-testid="report"
                      title="Every line of the file and every disbursement, with what became of it."
                      disabled={report.isPending || run.state !== 'done'}
                      onClick={() => report.mutate()}
                    >
                      Whole report
                    </button>
                    <ExportButton
                      kind={show === 'lines' ? 'settlement-lines' : 'settlement-disbursements'}
                      filters={{ runId: run.id, ...(query.has('group') ? { status: query.get('group') ?? '' } : {}) }}
                      what={show === 'lines' ? 'The lines of this file' : 'The disbursements of this run'}
                    />
                  </span>
                </div>
                {show === 'lines' ? (
                  <Lines run={run} />
                ) : (
                  <Items key={show} run={run} open={show === 'open'} onDecided={() => void asked.refetch()} />
                )}
              </>
            )}
            {run.summary === null && run.state !== 'failed' && (
              <p className="card" role="status">
                A worker does this in the background. You may leave; the report is kept. If nothing moves for a minute,
                look at <Link to="/health">Health</Link>: no worker may be running.
              </p>
            )}
          </>
        )}
      </Asked>
    </div>
  );
}
