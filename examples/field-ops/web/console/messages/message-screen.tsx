import { useMutation, useQuery } from '@tanstack/react-query';
import * as z from 'zod/mini';
import { MessageWithAttempts, Replayed } from '../../../src/message-answers.ts';
import { mfiName } from '../../shared/mfi.ts';
import { Asked, Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Fact } from '../frame/fact.tsx';
import { Link } from '../frame/router.tsx';
import { momentInWords } from '../frame/units.ts';
import { channelWords, replayable, statusWords, toneOf } from './message-words.ts';

/** One message, and every try to send it. */
export function MessageScreen({ id }: { id: string }) {
  const { api } = useConsole();
  const query = useQuery({
    queryKey: ['message', id],
    queryFn: ({ signal }) => api.get(`/api/v1/messages/${encodeURIComponent(id)}`, MessageWithAttempts, signal),
    refetchInterval: 3_000,
  });
  return (
    <div className="screen">
      <p className="crumbs">
        <Link to="/messages">Messages</Link> / {id.slice(0, 8)}
      </p>
      <Asked query={query}>
        {({ message, attempts }) => (
          <>
            <div className="screen-top">
              <h1>
                {channelWords[message.channel]} to{' '}
                {message.channel === 'webhook' && message.mfiId !== null ? mfiName(message.mfiId) : message.to}
              </h1>
              <span className="tag" data-tone={toneOf(message.status)} data-testid="message-status">
                {statusWords[message.status]}
              </span>
            </div>
            <div className="two">
              <section className="card" aria-labelledby="message">
                <h2 id="message">Message</h2>
                <dl>
                  {message.deliveryId !== null && (
                    <Fact name="Delivery">
                      <Link to={`/deliveries/${encodeURIComponent(message.deliveryId)}`}>{message.deliveryId}</Link>
                    </Fact>
                  )}
                  {message.mfiId !== null && <Fact name="MFI">{mfiName(message.mfiId)}</Fact>}
                  <Fact name="Made">{momentInWords(message.createdAt)}</Fact>
                  {message.sentAt !== null && <Fact name="Taken">{momentInWords(message.sentAt)}</Fact>}
                  <Fact name="Provider">
                    {message.provider ?? 'none yet'}
                    {message.providerId !== null && ` · ${message.providerId}`}
                  </Fact>
                  <Fact name="Key">{message.id}</Fact>
                  {message.lastError !== null && <Fact name="Last error">{message.lastError}</Fact>}
                  {message.closedBy !== null && <Fact name="Given up by">{message.closedBy}</Fact>}
                </dl>
                <Again message={message} onDone={() => void query.refetch()} />
              </section>
              <section className="card" aria-labelledby="tries">
                <h2 id="tries">Tries</h2>
                {attempts.length === 0 && <p className="dim">Nobody has tried to send it yet.</p>}
                <ol className="timeline" data-testid="attempts">
                  {attempts.map(({ no, at, outcome, detail, httpStatus, request, answer }) => (
                    <li key={no} data-tone={outcome === 'done' ? 'done' : outcome === 'retry' ? 'message' : 'refused'}>
                      <p className="timeline-head">
                        <strong>{outcomeWords[outcome ?? ''] ?? outcome}</strong>
                        <span>
                          {httpStatus !== null && `HTTP ${httpStatus}`} {detail}
                        </span>
                        <time dateTime={at}>{momentInWords(at)}</time>
                      </p>
                      {(request !== null || answer !== null) && (
                        <details>
                          <summary>What was said</summary>
                          <pre className="json" tabIndex={0} aria-label={`Request and answer of try ${no}`}>
                            {[request, answer].filter((part) => part !== null).join('\n\n')}
                          </pre>
                        </details>
                      )}
                    </li>
                  ))}
                </ol>
              </section>
            </div>
          </>
        )}
      </Asked>
    </div>
  );
}

const outcomeWords: Readonly<Record<string, string>> = {
  '': 'Began, and its end is not known',
  done: 'Taken',
  refused: 'Refused',
  retry: 'Not done, to be tried again',
  unknown: 'Outcome unknown',
  absent: 'The provider does not have it',
};

/** The way to send it once more, if there is one. */
function Again({ message, onDone }: { message: MessageWithAttempts['message']; onDone(): void }) {
  const { api } = useConsole();
  const { id, channel, status, endpointId, deliveryId } = message;
  const replay = channel === 'webhook' && endpointId !== null && replayable.includes(status);
  const send = !replay && (status === 'skipped' || status === 'closed') && deliveryId !== null && channel !== 'email';
  const act = useMutation({
    mutationFn: (): Promise<unknown> =>
      replay
        ? api.post(`/api/v1/webhooks/endpoints/${endpointId}/replay`, Replayed, { messages: [id] })
        : api.post(`/api/v1/messages/${id}/send`, z.unknown(), {}),
    onSuccess: onDone,
  });
  return (
    <>
      {act.isError && <Failed error={act.error} />}
      {act.isSuccess && <p role="status">It is on its way again.</p>}
      {(replay || send) && (
        <button
          type="button"
          className="main"
          data-testid="again"
          disabled={act.isPending}
          onClick={() => act.mutate()}
        >
          {replay ? 'Replay' : 'Send it after all'}
        </button>
      )}
      {replay && <p className="dim">It goes out under the same webhook-id: the receiver knows a repeat by it.</p>}
      {!replay && (status === 'refused' || status === 'exhausted' || status === 'unknown') && (
        <p className="dim">
          It is a dead letter: retry it or give it up under <Link to="/messages?show=dead">Dead jobs</Link>.
        </p>
      )}
    </>
  );
}
