import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import * as z from 'zod/mini';
import { type Endpoint, NewSecret, Replayed } from '../../../src/message-answers.ts';
import { mfiName } from '../../shared/mfi.ts';
import { now } from '../../shared/platform.ts';
import { Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Fact } from '../frame/fact.tsx';
import { Link } from '../frame/router.tsx';
import { agoInWords, counted, momentInWords } from '../frame/units.ts';
import { SecretShown } from './secret-shown.tsx';

const dayMs = 86_400_000;

/** One endpoint: on or off, another secret, what failed sent once more. */
export function EndpointCard({ endpoint, onChanged }: { endpoint: Endpoint; onChanged(): void }) {
  const { api } = useConsole();
  const [removing, setRemoving] = useState(false);
  const path = `/api/v1/webhooks/endpoints/${endpoint.id}`;
  const replay = useMutation({
    /** So many go in one go: on from there until none is left. */
    mutationFn: async (days: number) => {
      const [from, to] = [now() - days * dayMs, now()].map((at) => new Date(at).toISOString());
      let replayed = 0;
      for (let cursor: string | null = ''; cursor !== null;) {
        const answer: Replayed = await api.post(`${path}/replay`, Replayed, { from, to, cursor });
        replayed += answer.replayed;
        cursor = answer.next;
      }
      return replayed;
    },
    onSuccess: onChanged,
  });
  const rotate = useMutation({
    mutationFn: () => api.post(`${path}/secrets`, NewSecret, { overlapHours: 24 }),
    onSuccess: onChanged,
  });
  const change = useMutation({
    mutationFn: (what: { readonly to: 'change' | 'remove'; readonly body: object }) =>
      api.post(`${path}/${what.to}`, z.unknown(), what.body),
    onSuccess: onChanged,
  });
  const problem = replay.error ?? rotate.error ?? change.error;
  return (
    <article className="card" data-testid="endpoint" data-id={endpoint.id}>
      <div className="card-top">
        <h2>{mfiName(endpoint.mfiId)}</h2>
        <span
          className="tag"
          data-tone={endpoint.enabled ? (endpoint.failingSince === null ? 'good' : 'attention') : 'attention'}
        >
          {endpoint.enabled ? (endpoint.failingSince === null ? 'On' : 'Failing') : 'Off'}
        </span>
        {endpoint.description !== '' && <span className="dim">{endpoint.description}</span>}
      </div>
      <dl>
        <Fact name="Address">{endpoint.url}</Fact>
        <Fact name="Events">{endpoint.events.length === 0 ? 'all' : endpoint.events.join(', ')}</Fact>
        {endpoint.failingSince !== null && (
          <Fact name="Every try has failed since">
            {momentInWords(endpoint.failingSince)} ({agoInWords(endpoint.failingSince, now())})
          </Fact>
        )}
        {endpoint.disabledReason !== null && <Fact name="Switched off because">{endpoint.disabledReason}</Fact>}
        <Fact name="What it was sent">
          <Link to={`/messages?channel=webhook&endpoint=${endpoint.id}`}>Its messages</Link>
        </Fact>
      </dl>
      {problem !== null && <Failed error={problem} />}
      {replay.isSuccess && (
        <p role="status" data-testid="replayed">
          {counted(replay.data)} on their way again.
        </p>
      )}
      {rotate.isSuccess && (
        <SecretShown
          secret={rotate.data.secret}
          note={`The new secret, shown this once. The old one signs along until ${momentInWords(rotate.data.oldUntil)}.`}
        />
      )}
      <div className="inline">
        <button type="button" data-testid="replay-day" disabled={replay.isPending} onClick={() => replay.mutate(1)}>
          Replay the last 24 hours
        </button>
        <button type="button" disabled={replay.isPending} onClick={() => replay.mutate(7)}>
          Replay 7 days
        </button>
        <button type="button" data-testid="rotate" disabled={rotate.isPending} onClick={() => rotate.mutate()}>
          New secret
        </button>
        <button
          type="button"
          data-testid="switch"
          disabled={change.isPending}
          onClick={() => change.mutate({ to: 'change', body: { enabled: !endpoint.enabled } })}
        >
          {endpoint.enabled ? 'Switch off' : 'Switch on'}
        </button>
        {removing ? (
          <>
            <button
              type="button"
              className="danger"
              disabled={change.isPending}
              onClick={() => change.mutate({ to: 'remove', body: {} })}
            >
              Remove it: what is not delivered becomes dead letters
            </button>
            <button type="button" className="quiet" onClick={() => setRemoving(false)}>
              Leave it
            </button>
          </>
        ) : (
          <button type="button" className="danger" onClick={() => setRemoving(true)}>
            Remove…
          </button>
        )}
      </div>
    </article>
  );
}
