import { useQuery } from '@tanstack/react-query';
import { DeadLetterPage } from '@ekbaar/sdk/protocol/admin';
import { ReceiptLogPage } from '../../../src/record-answers.ts';
import { Asked } from '../frame/asked.tsx';
import { useAdministers, useConsole } from '../frame/console-context.ts';
import { JsonView } from '../frame/json-view.tsx';
import { Link, useQueryString } from '../frame/router.tsx';
import { momentInWords } from '../frame/units.ts';
import { actionInWords } from '../status-words.ts';
import { LetterCard } from './letter-card.tsx';

/** What had no effect: what the server gave up on, and what it refused. */
export function LettersScreen() {
  const administers = useAdministers();
  const [query, change] = useQueryString();
  const tab = administers && query.get('show') !== 'rejections' ? 'letters' : 'rejections';
  return (
    <div className="screen">
      <div className="screen-top">
        <h1>Dead letters & rejections</h1>
        <div className="tabs" role="group" aria-label="What to show">
          {administers && (
            <button type="button" aria-pressed={tab === 'letters'} onClick={() => change({ show: null })}>
              Dead letters
            </button>
          )}
          <button type="button" aria-pressed={tab === 'rejections'} onClick={() => change({ show: 'rejections' })}>
            Rejections
          </button>
        </div>
      </div>
      {tab === 'letters' ? <Letters /> : <Rejections />}
    </div>
  );
}

function Letters() {
  const { api } = useConsole();
  const query = useQuery({
    queryKey: ['dead-letters'],
    queryFn: ({ signal }) => api.get('/v1/admin/dead-letters?limit=200', DeadLetterPage, signal),
    refetchInterval: 15_000,
  });
  return (
    <Asked query={query}>
      {({ deadLetters, next }) => (
        <>
          <p className="dim">
            {deadLetters.length === 0
              ? 'Nobody waits for anything here: every mutation has taken effect or was refused.'
              : 'These threw again and again, and the phones that sent them went on. Whoever sent them sees them as not done.'}
          </p>
          <ul className="stack" data-testid="letters">
            {deadLetters.map((letter) => (
              <li key={letter.key}>
                <LetterCard letter={letter} onChanged={() => void query.refetch()} />
              </li>
            ))}
          </ul>
          {next !== null && <p className="dim">There are more; they come as these are dealt with.</p>}
        </>
      )}
    </Asked>
  );
}

function Rejections() {
  const { api } = useConsole();
  const query = useQuery({
    queryKey: ['rejections'],
    queryFn: ({ signal }) => api.get('/api/v1/records/receipts?status=rejected&limit=200', ReceiptLogPage, signal),
    refetchInterval: 15_000,
  });
  return (
    <Asked query={query}>
      {({ receipts }) => (
        <>
          <p className="dim">
            {receipts.length === 0
              ? 'Nothing was refused.'
              : 'A refusal is an answer: the agent sees it on the phone until they have dealt with it. The latest 200.'}
          </p>
          <ul className="stack" data-testid="rejections">
            {receipts.map(({ key, name, actor, actorName, args, error, serverAt }) => {
              const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
              const { deliveryId } = (args ?? {}) as { deliveryId?: unknown };
              return (
                <li key={key} className="card">
                  <div className="card-top">
                    <h2>{actionInWords(name)}</h2>
                    <span className="tag" data-tone="attention">
                      {code}
                    </span>
                    <time dateTime={serverAt}>{momentInWords(serverAt)}</time>
                  </div>
                  <p>
                    {message}{' '}
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
                </li>
              );
            })}
          </ul>
        </>
      )}
    </Asked>
  );
}
