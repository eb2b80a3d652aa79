import { useEffect, useState } from 'react';
import { type DemoAccount, listAccounts } from '../shared/demo-account.ts';

/** Choose whose console this is, among the operators' people in the office. */
export function SignIn({ onChoose }: { onChoose(account: DemoAccount): void }) {
  const [listed, setListed] = useState<DemoAccount[] | 'asking' | 'failed'>('asking');
  useEffect(() => {
    if (listed !== 'asking') return;
    let left = false;
    listAccounts().then(
      (accounts) => !left && setListed(accounts.filter(({ role }) => role === 'ops')),
      () => !left && setListed('failed'),
    );
    return () => {
      left = true;
    };
  }, [listed]);

  return (
    <main className="sign-in">
      <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="56" height="56" />
      <h1>Ekbaar Console</h1>
      <p className="dim">This is a demonstration: choose the office whose day you want to watch.</p>
      {listed === 'asking' && <p aria-live="polite">Asking the server…</p>}
      {listed === 'failed' && (
        <div role="alert">
          <p>The server could not be reached.</p>
          <button type="button" onClick={() => setListed('asking')}>
            Try again
          </button>
        </div>
      )}
      {Array.isArray(listed) && (
        <ul>
          {listed.map((account) => (
            <li key={`${account.tenant} ${account.sub}`}>
              <button
                type="button"
                data-testid="ops-option"
                data-sub={account.sub}
                data-tenant={account.tenant}
                onClick={() => onChoose(account)}
              >
                <strong>{account.operator}</strong>
                <span>{account.name}</span>
                <span className="dim">{regionsInWords(account.regions)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </main>
  );
}

/** Whose regions an account sees. */
export function regionsInWords(regions: readonly string[]): string {
  if (regions.includes('*')) return 'All regions';
  return regions.length > 3 ? `${regions.length} regions` : regions.join(', ');
}
