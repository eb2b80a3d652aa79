import { useState } from 'react';
import type { Account } from '../shared/account.ts';
import { ChangePin } from './change-pin.tsx';
import { useLanguage } from './i18n/language.tsx';
import type { AgentClient } from './client.ts';
import { PlaceChoice } from './place-choice.tsx';
import { useSession } from './session-context.ts';
import { Sheet } from './sheet.tsx';
import { SupportSheet } from './support-sheet.tsx';

/** Who is signed in, and the way out; says what becomes of entries that are not sent yet. */
export function AccountMenu({
  client,
  account,
  unsent,
  onSignOut,
}: {
  client: AgentClient;
  account: Account;
  unsent: number;
  onSignOut(): void;
}) {
  const { t } = useLanguage();
  const [open, setOpen] = useState<'menu' | 'support' | 'pin' | null>(null);
  const { lock } = useSession();
  return (
    <>
      <button
        type="button"
        className="account"
        data-testid="account"
        aria-label={t.account.open}
        onClick={() => setOpen('menu')}
      >
        {account.name.slice(0, 1)}
      </button>
      {open === 'pin' && <ChangePin onClose={() => setOpen(null)} />}
      {open === 'support' && <SupportSheet client={client} onClose={() => setOpen(null)} />}
      {open === 'menu' && (
        <Sheet title={account.name} onClose={() => setOpen(null)}>
          <p className="dim">
            {account.operator} · {account.sub}
          </p>
          <PlaceChoice />
          {unsent > 0 && <p className="problem">{t.account.unsentStay(unsent)}</p>}
          <button type="button" className="secondary wide" data-testid="support" onClick={() => setOpen('support')}>
            {t.account.support}
          </button>
          <button type="button" className="secondary wide" data-testid="change-pin" onClick={() => setOpen('pin')}>
            {t.account.changePin}
          </button>
          <button type="button" className="secondary wide" data-testid="lock" onClick={lock}>
            {t.account.lock}
          </button>
          <button type="button" className="secondary wide" data-testid="sign-out" onClick={onSignOut}>
            {t.account.signOut}
          </button>
        </Sheet>
      )}
    </>
  );
}
