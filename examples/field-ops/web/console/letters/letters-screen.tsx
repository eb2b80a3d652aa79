import { useQuery } from '@tanstack/react-query';
import { DeadLetterPage } from '@ekbaar/sdk/protocol/admin';
import { ReceiptLogPage } from '../../../src/record-answers.ts';
import { Asked } from '../frame/asked.tsx';
import { useAdministers, useConsole } from '../frame/console-context.ts';
import { PagesEnd } from '../frame/pages-end.tsx';
import { useQueryString } from '../frame/router.tsx';
import { usePages } from '../frame/use-pages.ts';
import { LetterCard } from './letter-card.tsx';
import { RejectionCard } from './rejection-card.tsx';

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
  const [parameters, change] = useQueryString();
  const all = parameters.get('closed') === 'too';
  const { pages, list } = usePages(
    `/api/v1/records/receipts?status=rejected&limit=100${all ? '' : '&open=true'}`,
    ReceiptLogPage,
  );
  const receipts = pages.flatMap((page) => page.receipts);
  return (
    <>
      <p className="dim">
        A refusal is an answer: the agent sees it on the phone until they have dealt with it. Close it here when the
        office has, too.{' '}
        <label className="check">
          <input
            type="checkbox"
            name="closed"
            checked={all}
            onChange={(event) => change({ closed: event.target.checked ? 'too' : null })}
          />{' '}
          Show closed ones
        </label>
      </p>
      <ul className="stack" data-testid="rejections">
        {receipts.map((receipt) => (
          <li key={receipt.key}>
            <RejectionCard receipt={receipt} onChanged={() => void list.refetch()} />
          </li>
        ))}
      </ul>
      <PagesEnd
        list={list}
        count={receipts.length}
        empty={all ? 'Nothing was refused.' : 'Nothing waits here: nothing was refused, or all of it is dealt with.'}
        more="Earlier ones"
      />
    </>
  );
}
