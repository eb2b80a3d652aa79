import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { RememberedAccounts } from '../shared/remembered.ts';
import type { AgentSession } from './agent-session.ts';
import { type AgentClient, openClient } from './client.ts';
import { Day } from './day.tsx';
import { useLanguage } from './i18n/language.tsx';
import { SessionContext } from './session-context.ts';
import { Blocked, SignInAgainBar } from './session-end.tsx';
import { SignIn } from './sign-in.tsx';
import { Unlock } from './unlock.tsx';
import { useBackgroundLock } from './use-background-lock.ts';
import type { PhoneVaults } from './vault/phone-vault.ts';

interface AgentAppProps {
  remembered: RememberedAccounts;
  vaults: PhoneVaults;
}

/** Signed in or not, and opened or not: each agent has a store of their own on this phone, sealed with their PIN. */
export function AgentApp({ remembered, vaults }: AgentAppProps) {
  const [account, setAccount] = useState(() => remembered.current());
  const [session, setSession] = useState<AgentSession | null>(null);
  const [online, setOnline] = useState(false);
  const lock = useCallback(() => setSession(null), []);
  useBackgroundLock(lock);

  const open = useCallback(
    (opened: AgentSession) => {
      // Kept first: the app must open offline after whatever happens next.
      void remembered.signIn(opened.account).finally(() => {
        setOnline(false);
        setAccount(opened.account);
        setSession(opened);
      });
    },
    [remembered],
  );
  const leave = () => {
    void remembered.signOut().finally(() => {
      setOnline(false);
      setSession(null);
      setAccount(null);
    });
  };

  if (account === null)
    return <SignIn vaults={vaults} used={remembered.used()} onOpen={open} onUnlock={(chosen) => setAccount(chosen)} />;
  if (session === null)
    return (
      <Unlock key={String(online)} vaults={vaults} account={account} online={online} onOpen={open} onLeave={leave} />
    );
  return (
    <Session
      key={`${session.account.tenant} ${session.account.sub}`}
      session={session}
      vaults={vaults}
      onLock={lock}
      onSignInAgain={() => {
        setOnline(true);
        setSession(null);
      }}
      onSignOut={leave}
    />
  );
}

type Opened = { client: AgentClient; queries: QueryClient } | 'opening' | 'failed';

interface SessionProps {
  session: AgentSession;
  vaults: PhoneVaults;
  onLock(): void;
  onSignInAgain(): void;
  onSignOut(): void;
}

function Session({ session, vaults, onLock, onSignInAgain, onSignOut }: SessionProps) {
  const { t } = useLanguage();
  const [opened, setOpened] = useState<Opened>('opening');
  const [tries, setTries] = useState(1);
  /** Until all of it is done, nobody else signs in: what comes late would be taken for theirs. */
  const [leaving, setLeaving] = useState(false);
  const ended = useSyncExternalStore(session.subscribe, session.ended);
  const signedIn = useMemo(() => ({ session, vaults, lock: onLock }), [session, vaults, onLock]);

  useEffect(() => {
    let left = false;
    const opening = openClient(session);
    opening.then(
      (client) => {
        if (!left) setOpened({ client, queries: new QueryClient() });
      },
      () => {
        if (!left) setOpened('failed');
      },
    );
    return () => {
      left = true;
      opening.then((client) => client.close()).catch(() => undefined);
    };
  }, [session, tries]);

  if (opened === 'opening' || leaving) return <p className="notice">{t.loading}</p>;
  if (opened === 'failed') {
    return (
      <main className="notice" role="alert">
        <p>{t.account.storeFailed}</p>
        <button
          type="button"
          className="primary"
          onClick={() => {
            setOpened('opening');
            setTries(tries + 1);
          }}
        >
          {t.tryAgain}
        </button>
      </main>
    );
  }
  const { client, queries } = opened;
  if (ended === 'revoked') return <Blocked client={client} onSignIn={onSignInAgain} onLeave={onSignOut} />;
  return (
    <SessionContext value={signedIn}>
      <QueryClientProvider client={queries}>
        {ended === 'sign_in_again' && <SignInAgainBar onSignIn={onSignInAgain} />}
        <Day
          client={client}
          account={session.account}
          onSignOut={() => {
            setLeaving(true);
            // What is not sent, or not seen, stays on this phone for the next time: then the client refuses, and is only closed.
            void client
              .signOut()
              .then(
                () => session.signOut(),
                () => undefined,
              )
              .finally(onSignOut);
          }}
          onSignedOut={onSignOut}
        />
      </QueryClientProvider>
    </SessionContext>
  );
}
