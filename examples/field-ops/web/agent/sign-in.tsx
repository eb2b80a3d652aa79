import { useEffect, useState } from 'react';
import type { Account } from '../shared/account.ts';
import { fetchOptions, type SignInOptions } from '../shared/auth-line.ts';
import type { AgentSession } from './agent-session.ts';
import { authInWords } from './auth-in-words.ts';
import { AgentButtons, DemoAgents } from './demo-agents.tsx';
import { useLanguage } from './i18n/language.tsx';
import { LanguageButton } from './language-button.tsx';
import { ResetPin } from './reset-pin.tsx';
import { PinField, TextField } from './secret-fields.tsx';
import { SealedError, signInOnline } from './sign-in-online.ts';
import type { PhoneVaults } from './vault/phone-vault.ts';

interface SignInProps {
  vaults: PhoneVaults;
  /** Who was signed in on this phone before: they need no network. */
  used: Account[];
  onUnlock(account: Account): void;
  onOpen(session: AgentSession): void;
}

/** The first sign-in of an agent on this phone, which needs a network. */
export function SignIn({ vaults, used, onUnlock, onOpen }: SignInProps) {
  const { t } = useLanguage();
  const [options, setOptions] = useState<SignInOptions | 'asking' | 'failed'>('asking');
  const [tenant, setTenant] = useState<string | null>(null);
  const [login, setLogin] = useState('');
  const [pin, setPin] = useState('');
  const [reset, setReset] = useState<{ code: string } | null>(null);
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    if (options !== 'asking') return;
    let left = false;
    fetchOptions().then(
      (found) => !left && setOptions(found),
      () => !left && setOptions('failed'),
    );
    return () => {
      left = true;
    };
  }, [options]);

  const known = typeof options === 'object' ? options : null;
  const operators = known?.operators ?? [];
  const demoPin = known?.demo?.pin;
  const chosen = tenant ?? operators[0]?.tenant ?? '';

  const signIn = async (asked: { login: string; pin: string }, isDemo = false) => {
    setBusy(true);
    setProblem('');
    try {
      const result = await signInOnline(vaults, { tenant: chosen, ...asked }, { operators, isDemo });
      if ('code' in result) setReset(result);
      else onOpen(result);
    } catch (error) {
      setProblem(error instanceof SealedError ? t.unlock.sealed : authInWords(error, t));
    } finally {
      setBusy(false);
    }
  };

  if (reset)
    return (
      <ResetPin
        tenant={chosen}
        login={login}
        code={reset.code}
        onDone={(newPin) => signIn({ login, pin: newPin })}
        onBack={() => setReset(null)}
      />
    );
  return (
    <>
      <header className="top">
        <h1>{t.appName}</h1>
        <LanguageButton />
      </header>
      <main className="sign-in">
        <h2>{t.signIn.title}</h2>
        {used.length > 0 && (
          <section aria-labelledby="used-here">
            <h3 id="used-here">{t.signIn.usedHere}</h3>
            <AgentButtons agents={used} onChoose={onUnlock} showOperator />
          </section>
        )}
        {options === 'asking' && <p aria-live="polite">{t.loading}</p>}
        {options === 'failed' && (
          <div className="problem" role="alert">
            <p>{t.signIn.needsNetwork}</p>
            <button type="button" onClick={() => setOptions('asking')}>
              {t.tryAgain}
            </button>
          </div>
        )}
        {known?.signIn === 'provider' && <p className="problem">{t.signIn.elsewhere}</p>}
        {!isSecureContext && <p className="problem">{t.signIn.needsTls}</p>}
        {known?.signIn === 'local' && (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void signIn({ login, pin });
            }}
          >
            <fieldset className="choices">
              <legend>{t.signIn.operator}</legend>
              {operators.map(({ tenant: id, name }) => (
                <label key={id}>
                  <input
                    type="radio"
                    name="operator"
                    value={id}
                    checked={id === chosen}
                    onChange={() => setTenant(id)}
                  />
                  <span>{name}</span>
                </label>
              ))}
            </fieldset>
            <TextField
              label={t.signIn.code}
              name="login"
              value={login}
              data-testid="login"
              onChange={(event) => setLogin(event.target.value)}
            />
            <PinField
              label={t.signIn.pin}
              value={pin}
              data-testid="pin"
              onChange={(event) => setPin(event.target.value)}
            />
            {problem !== '' && (
              <p className="problem" role="alert">
                {problem}
              </p>
            )}
            <button type="submit" className="primary wide" data-testid="sign-in-submit" disabled={busy}>
              {busy ? t.signIn.busyLabel : t.signIn.submit}
            </button>
            <button
              type="button"
              className="quiet wide"
              data-testid="forgot-pin"
              disabled={login === ''}
              onClick={() => setReset({ code: '' })}
            >
              {t.signIn.forgot}
            </button>
          </form>
        )}
        {demoPin !== undefined && (
          <DemoAgents tenant={chosen} onChoose={(agent) => void signIn({ login: agent.login, pin: demoPin }, true)} />
        )}
      </main>
    </>
  );
}
