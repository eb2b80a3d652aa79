import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type LoggedReceipt, NotedRejection } from '../../../src/record-answers.ts';
import { Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { JsonView } from '../frame/json-view.tsx';
import { ReasonForm } from '../frame/reason-form.tsx';
import { Link } from '../frame/router.tsx';
import { momentInWords } from '../frame/units.ts';
import { refusalInWords } from '../refusal-in-words.ts';
import { actionInWords } from '../status-words.ts';

/** One refusal: the agent has the answer; the office notes what it did about it, and it leaves the list. */
export function RejectionCard({ receipt, onChanged }: { receipt: LoggedReceipt; onChanged(): void }) {
  const { api } = useConsole();
  const [asks, setAsks] = useState(false);
  const { key, name, actor, actorName, args, error, serverAt, notedAt, notedBy } = receipt;
  const { code = '' } = (error ?? {}) as { code?: string };
  const { deliveryId } = (args ?? {}) as { deliveryId?: unknown };
  const close = useMutation({
    mutationFn: (words: string) => api.post(`/api/v1/records/receipts/${key}/note`, NotedRejection, { note: words }),
    onSettled: onChanged,
  });
  return (
    <article className="card" data-testid="rejection" data-key={key}>
      <div className="card-top">
        <h2>{actionInWords(name)}</h2>
        <span className="tag" data-tone={notedAt === null ? 'attention' : undefined}>
          {code}
        </span>
        <time dateTime={serverAt}>{momentInWords(serverAt)}</time>
      </div>
      <p>
        {refusalInWords(receipt)}{' '}
        <span className="dim">
          by {actorName} ({actor})
        </span>{' '}
        {typeof deliveryId === 'string' && (
          <Link to={`/deliveries/${encodeURIComponent(deliveryId)}`}>The delivery</Link>
        )}
      </p>
      <details>
        <summary>What was sent</summary>
        <JsonView value={args} label="Arguments" />
      </details>
      {close.isError && <Failed error={close.error} />}
      {notedAt !== null ? (
        <p data-testid="noted">
          {receipt.note}{' '}
          <span className="dim">
            noted by {notedBy}, {momentInWords(notedAt)}
          </span>
        </p>
      ) : !asks ? (
        <div className="inline">
          <button type="button" data-testid="note-rejection" onClick={() => setAsks(true)}>
            It is dealt with…
          </button>
        </div>
      ) : (
        <ReasonForm
          label="What was done about it"
          placeholder="What was done, such as: agent called, paid the day before"
          act="Close it"
          look="main"
          testId="note-now"
          busy={close.isPending}
          onSubmit={(note) => close.mutate(note)}
          onLeave={() => setAsks(false)}
        />
      )}
    </article>
  );
}
