import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { fetchOptions, type SignInOptions } from '../shared/auth-line.ts';
import { ApiLine } from './frame/api-line.ts';
import { type Console, ConsoleContext } from './frame/console-context.ts';
import { Frame } from './frame/frame.tsx';
import { Router } from './frame/router.tsx';
import { LiveFeed } from './live-feed.ts';
import { OfficeSession } from './office-session.ts';
import { SignIn } from './sign-in.tsx';

type Who =
  | { readonly at: 'asking' | 'unreachable' }
  | { readonly at: 'out'; readonly options: SignInOptions; readonly note: string }
  | { readonly at: 'in'; readonly options: SignInOptions; readonly session: OfficeSession };

/** Signed in or not, as this browser's cookie says. */
export function ConsoleApp() {
  const [who, setWho] = useState<Who>({ at: 'asking' });
  const ended = useCallback(
    () =>
      setWho((before) =>
        before.at === 'in' ? { at: 'out', options: before.options, note: 'You are signed out.' } : before,
      ),
    [],
  );

  useEffect(() => {
    if (who.at !== 'asking') return;
    let left = false;
    const resume = async (): Promise<Who> => {
      const options = await fetchOptions();
      const session = options.signIn === 'local' ? await OfficeSession.resume(options.operators, ended) : null;
      return session ? { at: 'in', options, session } : { at: 'out', options, note: '' };
    };
    resume().then(
      (found) => !left && setWho(found),
      () => !left && setWho({ at: 'unreachable' }),
    );
    return () => {
      left = true;
    };
  }, [who.at, ended]);

  switch (who.at) {
    case 'asking':
      return (
        <main className="sign-in">
          <p aria-live="polite">Asking the server…</p>
        </main>
      );
    case 'unreachable':
      return (
        <main className="sign-in" role="alert">
          <p>The server could not be reached.</p>
          <button type="button" onClick={() => setWho({ at: 'asking' })}>
            Try again
          </button>
        </main>
      );
    case 'out': {
      const { options, note } = who;
      return (
        <SignIn
          options={options}
          note={note}
          onSignedIn={(signedIn) =>
            setWho({ at: 'in', options, session: new OfficeSession(signedIn, options.operators, ended) })
          }
        />
      );
    }
    case 'in':
      return <Session key={`${who.session.account.tenant} ${who.session.account.sub}`} session={who.session} />;
  }
}

interface Started extends Console {
  readonly client: QueryClient;
}

function Session({ session }: { session: OfficeSession }) {
  const [started, setStarted] = useState<Started | null>(null);
  useEffect(() => {
    const stopping = new AbortController();
    const feed = new LiveFeed((why) => session.token(why));
    feed.start(stopping.signal);
    const api = new ApiLine((why) => session.token(why));
    // What one account saw is not there for the next one.
    // Without a network, too, everything is asked, and its failure told: what waits for a network in silence is an empty
    // screen, or a change that is made when nobody looks any more.
    const networkMode = 'always';
    const client = new QueryClient({
      defaultOptions: {
        queries: { networkMode, refetchOnReconnect: true, retry: 1, staleTime: 5_000 },
        mutations: { networkMode },
      },
    });
    setStarted({ session, feed, api, client });
    return () => {
      stopping.abort();
      client.clear();
    };
  }, [session]);
  if (started === null) return null;
  return (
    <ConsoleContext value={started}>
      <QueryClientProvider client={started.client}>
        <Router>
          <Frame />
        </Router>
      </QueryClientProvider>
    </ConsoleContext>
  );
}
