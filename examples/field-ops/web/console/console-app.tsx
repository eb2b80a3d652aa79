import { useEffect, useState } from 'react';
import type { DemoAccount } from '../shared/demo-account.ts';
import type { RememberedAccounts } from '../shared/remembered.ts';
import { Board } from './board.tsx';
import { LiveFeed } from './live-feed.ts';
import { SignIn } from './sign-in.tsx';

export function ConsoleApp({ remembered }: { remembered: RememberedAccounts }) {
  const [account, setAccount] = useState(() => remembered.current());
  if (account === null) {
    return (
      <SignIn
        onChoose={(chosen) => {
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

function Session({ account, onSignOut }: { account: DemoAccount; onSignOut(): void }) {
  const [feed, setFeed] = useState<LiveFeed | null>(null);
  useEffect(() => {
    const stopping = new AbortController();
    const started = new LiveFeed(account);
    started.start(stopping.signal);
    setFeed(started);
    return () => stopping.abort();
  }, [account]);
  return feed && <Board feed={feed} account={account} onSignOut={onSignOut} />;
}
