import { useState } from 'react';
import { requestReset, reset } from '../shared/auth-line.ts';
import { authInWords } from './auth-in-words.ts';
import { useLanguage } from './i18n/language.tsx';
import { LanguageButton } from './language-button.tsx';
import { PinField, TextField } from './secret-fields.tsx';

/**
 * A new PIN with a code of the office, or of a text message. What is on the phone stays readable: see phone-vault.ts.
 *
 * @param code that the server gave already: the PIN was somebody else's choice
 */
export function ResetPin({
  tenant,
  login,
  code: given = '',
  onDone,
  onBack,
}: {
  tenant: string;
  login: string;
  code?: string;
  /** The new PIN, to sign in with. */
  onDone(pin: string): Promise<void>;
  onBack(): void;
}) {
  const { t } = useLanguage();
  const [code, setCode] = useState(given);
  const [pin, setPin] = useState('');
  const [again, setAgain] = useState('');
  const [said, setSaid] = useState('');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);

  const run = async (body: () => Promise<void>) => {
    setBusy(true);
    setProblem('');
    await body().catch((error: unknown) => setProblem(authInWords(error, t)));
    setBusy(false);
  };
  return (
    <>
      <header className="top">
        <h1>{t.appName}</h1>
        <LanguageButton />
      </header>
      <form
        className="sign-in"
        onSubmit={(event) => {
          event.preventDefault();
          if (pin !== again) return setProblem(t.reset.differ);
          void run(async () => {
            await reset({ tenant, login, code, secret: pin });
            await onDone(pin);
          });
        }}
      >
        <h2>{given ? t.reset.chooseTitle : t.reset.title}</h2>
        <p className="dim">{given ? t.reset.choose : t.reset.explain}</p>
        {!given && (
          <>
            <button
              type="button"
              className="secondary wide"
              disabled={busy}
              onClick={() =>
                void run(async () => {
                  await requestReset(tenant, login);
                  setSaid(t.reset.sent);
                })
              }
            >
              {t.reset.send}
            </button>
            <p role="status">{said}</p>
            <TextField
              label={t.reset.code}
              value={code}
              autoCapitalize="characters"
              data-testid="reset-code"
              onChange={(event) => setCode(event.target.value)}
            />
          </>
        )}
        <PinField
          label={t.reset.newPin}
          value={pin}
          data-testid="new-pin"
          onChange={(event) => setPin(event.target.value)}
        />
        <PinField
          label={t.reset.newPinAgain}
          value={again}
          data-testid="new-pin-again"
          onChange={(event) => setAgain(event.target.value)}
        />
        {problem !== '' && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" className="primary wide" data-testid="reset-submit" disabled={busy}>
          {busy ? t.signIn.busyLabel : t.reset.submit}
        </button>
        <button type="button" className="secondary wide" onClick={onBack}>
          {t.back}
        </button>
      </form>
    </>
  );
}
