import { useState } from 'react';
import type { DemoAccount } from '../shared/demo-account.ts';
import { useLanguage } from './i18n/language.tsx';
import { PlaceChoice } from './place-choice.tsx';
import { Sheet } from './sheet.tsx';

/** Who is signed in, and the way out; says what becomes of entries that are not sent yet. */
export function AccountMenu({
  account,
  unsent,
  onSignOut,
}: {
  account: DemoAccount;
  unsent: number;
  onSignOut(): void;
}) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="account"
        data-testid="account"
        aria-label={t.account.open}
        onClick={() => setOpen(true)}
      >
        {account.name.slice(0, 1)}
      </button>
      {open && (
        <Sheet title={account.name} onClose={() => setOpen(false)}>
          <p className="dim">
            {account.operator} · {account.sub}
          </p>
          <PlaceChoice />
          {unsent > 0 && <p className="problem">{t.account.unsentStay(unsent)}</p>}
          <button type="button" className="secondary wide" data-testid="sign-out" onClick={onSignOut}>
            {t.account.signOut}
          </button>
        </Sheet>
      )}
    </>
  );
}
