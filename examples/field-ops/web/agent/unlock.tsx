import { useEffect, useState } from 'react';
import type { Account } from '../shared/account.ts';
import type { AgentSession } from './agent-session.ts';
import { authInWords, waitInWords } from './auth-in-words.ts';
import { useLanguage } from './i18n/language.tsx';
import { LanguageButton } from './language-button.tsx';
import { ResetPin } from './reset-pin.tsx';
import { PinField } from './secret-fields.tsx';
import { SealedError, signInOnline, unlockOffline } from './sign-in-online.ts';
import type { PhoneVaults } from './vault/phone-vault.ts';

interface UnlockProps {
  vaults: PhoneVaults;
  account: Account;
  /** The server has ended the session: the PIN is asked of it, not of the phone. */
  online: boolean;
  onOpen(session: AgentSession): void;
  onLeave(): void;
}

/** Asks for the PIN of who is signed in on this phone. Opens without a network. */
export function Unlock({ vaults, account, online: mustBeOnline, onOpen, onLeave }: UnlockProps) {
  const { t } = useLanguage();
  const [looked, setLooked] = useState(false);
  const [online, setOnline] = useState(mustBeOnline);
  const [reset, setReset] = useState<{ code: string } | null>(null);
  const [pin, setPin] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);

  const operators = [{ tenant: account.tenant, name: account.operator }];
  const { tenant, login } = account;

  useEffect(() => {
    let left = false;
    const look = async () => {
      const found = await vaults.look(account);
      if (left) return;
      if (found === null) setOnline(true);
      if (found?.demoPin && !mustBeOnline) {
        const opened = await unlockOffline(vaults, account, found.demoPin);
        if (!left && typeof opened !== 'number') return onOpen(opened);
      }
      setLooked(true);
    };
    look().catch(() => setLooked(true));
    return () => {
      left = true;
    };
  }, [vaults, account, mustBeOnline, onOpen]);

  const signIn = async (typed: string) => {
    const result = await signInOnline(vaults, { tenant, login, pin: typed }, { operators, isDemo: false });
    if ('code' in result) setReset(result);
    else onOpen(result);
  };
  const unlock = async () => {
    if (online) return signIn(pin);
    const result = await unlockOffline(vaults, account, pin);
    if (typeof result !== 'number') return onOpen(result);
    setPin('');
    setProblem(result > 0 ? t.signIn.wait(waitInWords(result / 1000, t)) : t.signIn.wrongPin);
  };
  const submit = () => {
    setBusy(true);
    setProblem('');
    unlock()
      .catch((error: unknown) => setProblem(error instanceof SealedError ? t.unlock.sealed : authInWords(error, t)))
      .finally(() => setBusy(false));
  };

  if (!looked) return <p className="notice">{t.loading}</p>;
  if (reset)
    return <ResetPin tenant={tenant} login={login} code={reset.code} onDone={signIn} onBack={() => setReset(null)} />;
  return (
    <>
      <header className="top">
        <h1>{t.appName}</h1>
        <LanguageButton />
      </header>
      <main className="sign-in" data-testid="unlock">
        <h2>{account.name}</h2>
        <p className="dim">
          {account.operator} · {account.login}
        </p>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <PinField
            label={online ? t.unlock.onlinePin : t.signIn.pin}
            value={pin}
            autoFocus
            data-testid="unlock-pin"
            onChange={(event) => setPin(event.target.value)}
          />
          {problem !== '' && (
            <p className="problem" role="alert">
              {problem}
            </p>
          )}
          <button type="submit" className="primary wide" data-testid="unlock-submit" disabled={busy}>
            {busy ? t.signIn.busyLabel : online ? t.signIn.submit : t.unlock.submit}
          </button>
        </form>
        {!online && (
          <button type="button" className="quiet wide" data-testid="new-pin-given" onClick={() => setOnline(true)}>
            {t.unlock.newPinGiven}
          </button>
        )}
        <button type="button" className="quiet wide" data-testid="forgot-pin" onClick={() => setReset({ code: '' })}>
          {t.signIn.forgot}
        </button>
        <button type="button" className="quiet wide" data-testid="somebody-else" onClick={onLeave}>
          {t.unlock.somebodyElse}
        </button>
      </main>
    </>
  );
}
