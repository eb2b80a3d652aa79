import type { DeadLetter } from '@ekbaar/sdk/protocol/admin';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import * as z from 'zod/mini';
import { Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Fact } from '../frame/fact.tsx';
import { JsonView } from '../frame/json-view.tsx';
import { ReasonForm } from '../frame/reason-form.tsx';
import { Link } from '../frame/router.tsx';
import { actionInWords } from '../status-words.ts';
import { momentInWords, spanInWords, timesInWords } from '../frame/units.ts';

/** One dead letter: run it again when its cause is mended, or close it with a reason that reaches the phone. */
export function LetterCard({ letter, onChanged }: { letter: DeadLetter; onChanged(): void }) {
  const { api } = useConsole();
  const [asks, setAsks] = useState(false);
  const act = useMutation({
    mutationFn: (what: { do: 'retry' } | { do: 'close'; reason: string }) =>
      api.post(
        `/v1/admin/dead-letters/${letter.key}/${what.do}`,
        z.unknown(),
        what.do === 'close' ? { reason: what.reason } : {},
      ),
    onSettled: onChanged,
  });
  const { deliveryId } = (letter.args ?? {}) as { deliveryId?: unknown };
  return (
    <article className="card" data-testid="letter" data-key={letter.key}>
      <div className="card-top">
        <h2>{actionInWords(letter.name)}</h2>
        <span className="tag" data-tone="attention">
          {letter.tries > 0 ? `threw ${timesInWords(letter.tries)}` : (letter.error?.code ?? 'dead')}
        </span>
        <time dateTime={letter.serverAt}>{momentInWords(letter.serverAt)}</time>
      </div>
      <dl>
        <Fact name="Who">
          {letter.actor} ({letter.role}){letter.clientId !== null && ` · phone ${letter.clientId}`}
        </Fact>
        {letter.deviceAt !== null && <Fact name="Device time">{momentInWords(letter.deviceAt)}</Fact>}
        {letter.clockErrorMs !== null && <Fact name="Clock error">{spanInWords(letter.clockErrorMs)}</Fact>}
        <Fact name="Why">{letter.lastError ?? letter.error?.message ?? 'not known'}</Fact>
        {typeof deliveryId === 'string' && (
          <Fact name="Delivery">
            <Link to={`/deliveries/${encodeURIComponent(deliveryId)}`}>{deliveryId}</Link>
          </Fact>
        )}
        <Fact name="Key">{letter.key}</Fact>
      </dl>
      <details>
        <summary>What was sent</summary>
        <JsonView value={letter.args} label="Arguments" />
      </details>
      {act.isError && <Failed error={act.error} />}
      {!asks ? (
        <div className="inline">
          <button
            type="button"
            className="main"
            data-testid="retry"
            disabled={act.isPending}
            onClick={() => act.mutate({ do: 'retry' })}
          >
            Run it again
          </button>
          <button type="button" data-testid="close-letter" onClick={() => setAsks(true)}>
            Close it…
          </button>
        </div>
      ) : (
        <ReasonForm
          label="Why it is closed"
          placeholder="Reason: the agent reads it"
          act="Close it"
          look="danger"
          testId="close-now"
          busy={act.isPending}
          onSubmit={(reason) => act.mutate({ do: 'close', reason })}
          onLeave={() => setAsks(false)}
        />
      )}
    </article>
  );
}
