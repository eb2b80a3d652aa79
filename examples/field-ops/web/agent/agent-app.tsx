import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { DemoAccount } from '../shared/demo-account.ts';
import type { RememberedAccounts } from '../shared/remembered.ts';
import { type AgentClient, openClient } from './client.ts';
import { Day } from './day.tsx';
import { useLanguage } from './i18n/language.tsx';
import { SignIn } from './sign-in.tsx';

/** Signed in or not; who is signed in finds a store of their own on this phone. */
export function AgentApp({ remembered }: { remembered: RememberedAccounts }) {
  const [account, setAccount] = useState(() => remembered.current());
  if (account === null) {
    return (
      <SignIn
        used={remembered.used()}
        onChoose={(chosen) => {
          // Kept first: the app must open offline after whatever happens next.
          void remembered.signIn(chosen).finally(() => setAccount(chosen));
        }}
      />
    );
  }
  return (
    <Session
      key={`${account.tenant} ${account.sub}`}
      account={account}
      onSignOut={() => {
        void remembered.signOut().finally(() => setAccount(null));
      }}
    />
  );
}

type Opened = { client: AgentClient; queries: QueryClient } | 'opening' | 'failed';

function Session({ account, onSignOut }: { account: DemoAccount; onSignOut(): void }) {
  const { t } = useLanguage();
  const [opened, setOpened] = useState<Opened>('opening');
  const [tries, setTries] = useState(1);

  useEffect(() => {
    let left = false;
    const opening = openClient(account);
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
  }, [account, tries]);

  if (opened === 'opening') return <p className="notice">{t.loading}</p>;
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
  return (
    <QueryClientProvider client={opened.queries}>
      <Day
        client={opened.client}
        account={account}
        onSignOut={() => {
          // What is not sent, or not seen, stays on this phone for the next time: then the client refuses, and is only closed.
          void opened.client
            .signOut()
            .catch(() => undefined)
            .finally(onSignOut);
        }}
        onSignedOut={onSignOut}
      />
    </QueryClientProvider>
  );
}
