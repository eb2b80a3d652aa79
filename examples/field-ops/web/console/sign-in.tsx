import { useState } from 'react';
import type { Account } from '../shared/account.ts';
import { AuthError, requestReset, reset, type SignedIn, signIn, type SignInOptions } from '../shared/auth-line.ts';
import { authInWords } from './auth-in-words.ts';
import { newPassword, SecretForm } from './secret-form.tsx';

interface SignInProps {
  options: SignInOptions;
  /** Said above the form: why somebody is here who was signed in before. */
  note: string;
  onSignedIn(signedIn: SignedIn): void;
}

const email = { name: 'login', label: 'E-mail', type: 'email', autoComplete: 'username' } as const;
const password = { name: 'secret', label: 'Password', type: 'password', autoComplete: 'current-password' } as const;
const code = { name: 'code', label: 'Code', type: 'text', autoComplete: 'one-time-code' } as const;

/** Signs somebody of the office in, or gives them a new password. */
export function SignIn({ options, note, onSignedIn }: SignInProps) {
  const { operators, demo } = options;
  const [tenant, setTenant] = useState(operators[0]?.tenant ?? '');
  const [step, setStep] = useState<'sign-in' | 'ask' | 'reset'>('sign-in');
  const [login, setLogin] = useState('');
  const [given, setGiven] = useState('');
  const [problem, setProblem] = useState('');

  const enter = async (asked: { tenant: string; login: string; secret: string }) => {
    const result = await signIn(asked, 'console');
    setLogin(asked.login);
    if ('mustReset' in result) {
      setGiven(result.code);
      return setStep('reset');
    }
    if (result.account.role === 'agent') throw new AuthError('refused', 'An agent’s account', { status: 401 });
    onSignedIn(result);
  };
  const asDemo = (account: Account) => {
    setProblem('');
    const asked = { tenant: account.tenant, login: account.login, secret: demo?.password ?? '' };
    enter(asked).catch((error: unknown) => setProblem(authInWords(error)));
  };
  const operatorChoice = (
    <label className="field">
      <span>Operator</span>
      <select name="tenant" value={tenant} onChange={(event) => setTenant(event.target.value)}>
        {operators.map(({ tenant: id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );

  return (
    <main className="sign-in">
      <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="48" height="48" />
      <h1>Ekbaar Console</h1>
      {note !== '' && <p role="status">{note}</p>}
      {options.signIn === 'provider' && (
        <p>People sign in with the identity provider of this installation, not here.</p>
      )}
      {options.signIn === 'local' && step === 'sign-in' && (
        <>
          <SecretForm
            fields={[email, password]}
            submit="Sign in"
            testId="sign-in"
            onSubmit={(values) => enter({ tenant, ...values })}
          >
            {operatorChoice}
          </SecretForm>
          <button type="button" className="quiet" onClick={() => setStep('ask')}>
            Forgotten password
          </button>
        </>
      )}
      {step === 'ask' && (
        <>
          <p className="dim">If there is an account of this address, a code goes to it. It is good for 15 minutes.</p>
          <SecretForm
            fields={[email]}
            submit="Send the code"
            testId="ask-reset"
            onSubmit={async (values) => {
              await requestReset(tenant, values.login);
              setLogin(values.login);
              setGiven('');
              setStep('reset');
            }}
          >
            {operatorChoice}
          </SecretForm>
          <Back onBack={() => setStep('sign-in')} />
        </>
      )}
      {step === 'reset' && (
        <>
          <p className="dim">
            {given === '' ? `A code is on its way to ${login}.` : 'Choose a password that only you know.'}
          </p>
          <SecretForm
            fields={given === '' ? [code, newPassword] : [newPassword]}
            submit="Save the new password"
            testId="reset"
            onSubmit={async (values) => {
              const { secret } = values;
              await reset({ tenant, login, code: given || values.code, secret });
              setStep('sign-in');
              await enter({ tenant, login, secret });
            }}
          />
          <Back onBack={() => setStep('sign-in')} />
        </>
      )}
      {demo && step === 'sign-in' && (
        <section aria-labelledby="demo">
          <h2 id="demo">Demonstration</h2>
          <p className="dim">One click signs you in. Only where the demo day is loaded.</p>
          {problem !== '' && (
            <p className="refused" role="alert">
              {problem}
            </p>
          )}
          <ul>
            {demo.office
              .filter(({ role }) => role === 'ops')
              .map((account) => (
                <li key={`${account.tenant} ${account.sub}`}>
                  <button
                    type="button"
                    data-testid="ops-option"
                    data-sub={account.sub}
                    data-tenant={account.tenant}
                    onClick={() => asDemo(account)}
                  >
                    <strong>{account.operator}</strong>
                    <span>{account.name}</span>
                    <span className="dim">{regionsInWords(account.regions)}</span>
                  </button>
                </li>
              ))}
          </ul>
        </section>
      )}
    </main>
  );
}

function Back({ onBack }: { onBack(): void }) {
  return (
    <button type="button" className="quiet" onClick={onBack}>
      Back to sign-in
    </button>
  );
}

/** Whose regions an account sees. */
export function regionsInWords(regions: readonly string[]): string {
  if (regions.includes('*')) return 'All regions';
  return regions.length > 3 ? `${regions.length} regions` : regions.join(', ');
}
