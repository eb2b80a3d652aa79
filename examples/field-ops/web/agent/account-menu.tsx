import { useState } from 'react';
import type { Account } from '../shared/account.ts';
import { useLanguage } from './i18n/language.tsx';
import type { AgentClient } from './client.ts';
import { LanguageButton } from './language-button.tsx';
import { ChangePin, SettingsSheet, SupportSheet } from './lazy-screens.tsx';
import { Part } from './part.tsx';
import { useSession } from './session-context.ts';
import { Sheet } from './sheet.tsx';

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
  const [open, setOpen] = useState<'menu' | 'settings' | 'support' | 'pin' | null>(null);
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
      {open !== null && open !== 'menu' && (
        <Part key={open} onClose={() => setOpen(null)}>
          {open === 'pin' && <ChangePin onClose={() => setOpen(null)} />}
          {open === 'settings' && <SettingsSheet account={account} onClose={() => setOpen(null)} />}
          {open === 'support' && <SupportSheet client={client} onClose={() => setOpen(null)} />}
        </Part>
      )}
      {open === 'menu' && (
        <Sheet title={account.name} onClose={() => setOpen(null)}>
          <p className="dim">
            {account.operator} · {account.sub}
          </p>
          <div className="field">
            <span aria-hidden="true">{t.language}</span>
            <LanguageButton />
          </div>
          {unsent > 0 && <p className="problem">{t.account.unsentStay(unsent)}</p>}
          <button type="button" className="secondary wide" data-testid="settings" onClick={() => setOpen('settings')}>
            {t.settings.title}
          </button>
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
