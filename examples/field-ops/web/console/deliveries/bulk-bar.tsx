import { useState } from 'react';
import type { ListedDelivery } from '../../../src/record-answers.ts';
import { useConsole, useFeed } from '../frame/console-context.ts';
import { Sheet } from '../frame/sheet.tsx';
import { type BulkAction, type BulkRow, BulkRun } from './bulk.ts';

interface BulkBarProps {
  selected: readonly ListedDelivery[];
  onClear(): void;
  /** After a run: what the list shows may be old. */
  onDone(): void;
}

const stateWords: Readonly<Record<BulkRow['state'], string>> = {
  waiting: 'Sending…',
  done: 'Done',
  refused: 'Refused',
  unknown: 'No answer',
};

/** What can be done to the chosen deliveries, and what became of each; that stays when others are looked at meanwhile. */
export function BulkBar({ selected, onClear, onDone }: BulkBarProps) {
  const { api } = useConsole();
  const [run, setRun] = useState<{ bulk: BulkRun; rows: readonly BulkRow[]; busy: boolean } | null>(null);

  const goOn = (bulk: BulkRun) => {
    setRun({ bulk, rows: bulk.rows, busy: true });
    void bulk.run().then(() => {
      setRun({ bulk, rows: bulk.rows, busy: false });
      onDone();
    });
  };
  const start = (action: BulkAction) => {
    const targets = selected.map(({ id, customerName }) => ({ id, customer: customerName }));
    const bulk: BulkRun = new BulkRun(action, targets, {
      mutate: (name, args, key) => api.mutate(name, args, key),
      newKey: () => crypto.randomUUID(),
      onChange: (rows) => setRun((before) => (before?.bulk === bulk ? { ...before, rows } : before)),
    });
    goOn(bulk);
  };

  if (run !== null) {
    const of = (state: BulkRow['state']) => run.rows.filter((row) => row.state === state).length;
    return (
      <section className="bulk-result" aria-label="What became of it" data-testid="bulk-result">
        <p role="status">
          <strong>{run.bulk.action.inWords}</strong>: {of('done')} done, {of('refused')} refused
          {of('unknown') > 0 && `, ${of('unknown')} without an answer`}
          {of('waiting') > 0 && `, ${of('waiting')} to go`}
        </p>
        <ul>
          {run.rows.map(({ id, customer, state, why }) => (
            <li key={id} data-state={state}>
              <span>{stateWords[state]}</span> {customer} <span className="dim">{id}</span> {why !== '' && `· ${why}`}
            </li>
          ))}
        </ul>
        <div className="bulk-actions">
          {of('unknown') > 0 && (
            <button type="button" className="main" disabled={run.busy} onClick={() => goOn(run.bulk)}>
              Send the rest again
            </button>
          )}
          <button
            type="button"
            disabled={run.busy}
            onClick={() => {
              setRun(null);
              onClear();
            }}
          >
            Close
          </button>
        </div>
      </section>
    );
  }

  return selected.length === 0 ? null : <BulkActions count={selected.length} onClear={onClear} onStart={start} />;
}

interface BulkActionsProps {
  count: number;
  onClear(): void;
  onStart(action: BulkAction): void;
}

function BulkActions({ count, onClear, onStart }: BulkActionsProps) {
  const { agents } = useFeed();
  const [agentId, setAgentId] = useState('');
  const [reason, setReason] = useState('');
  const [asking, setAsking] = useState(false);
  const people = [...agents.values()].filter(({ active }) => active).sort((a, b) => a.name.localeCompare(b.name));
  const to = agents.get(agentId);
  const things = count === 1 ? 'delivery' : 'deliveries';
  const counted = `${count} ${things}`;
  return (
    <section className="bulk" aria-label="Chosen deliveries" data-testid="bulk">
      <strong aria-live="polite">{counted} chosen</strong>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (to) onStart({ name: 'assignDelivery', agentId, inWords: `Give ${counted} to ${to.name}` });
        }}
      >
        <select aria-label="Agent to give them to" value={agentId} onChange={(event) => setAgentId(event.target.value)}>
          <option value="">Agent…</option>
          {people.map(({ id, name, regionId }) => (
            <option key={id} value={id}>
              {name} ({regionId})
            </option>
          ))}
        </select>
        <button type="submit" disabled={to === undefined} data-testid="bulk-assign">
          Assign
        </button>
      </form>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim() !== '') setAsking(true);
        }}
      >
        <input
          aria-label="Why they are cancelled"
          placeholder="Reason"
          maxLength={200}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        <button type="submit" className="danger" disabled={reason.trim() === ''} data-testid="bulk-cancel">
          Cancel {things}…
        </button>
      </form>
      <button type="button" className="quiet" onClick={onClear}>
        Clear choice
      </button>
      {asking && (
        <Sheet title={`Cancel ${counted}?`} onClose={() => setAsking(false)}>
          <p>
            For this reason: <strong>{reason.trim()}</strong>
          </p>
          <p className="dim">
            {count === 1 ? 'It leaves the phone of its agent' : 'They leave the phones of their agents'}, and cannot be
            taken up again.
          </p>
          <p className="actions">
            <button
              type="button"
              className="danger"
              data-testid="bulk-cancel-now"
              onClick={() => onStart({ name: 'cancelDelivery', reason: reason.trim(), inWords: `Cancel ${counted}` })}
            >
              Cancel {counted}
            </button>
            <button type="button" className="quiet" onClick={() => setAsking(false)}>
              Leave {count === 1 ? 'it' : 'them'}
            </button>
          </p>
        </Sheet>
      )}
    </section>
  );
}
