import { type ReactNode, useState } from 'react';
import { authInWords } from './auth-in-words.ts';

interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: 'email' | 'password' | 'text';
  readonly autoComplete: string;
}

interface SecretFormProps<Name extends string> {
  readonly fields: readonly (Field & { readonly name: Name })[];
  readonly submit: string;
  readonly testId: string;
  /** Throws what is then said in words. */
  readonly onSubmit: (values: Readonly<Record<Name, string>>) => Promise<void>;
  readonly children?: ReactNode;
}

/** A form of the sign-in: its fields, what went wrong, one button. */
export function SecretForm<Name extends string>({ fields, submit, testId, onSubmit, children }: SecretFormProps<Name>) {
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  return (
    <form
      data-testid={testId}
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        const values = Object.fromEntries(fields.map(({ name }) => [name, textOf(given.get(name))]));
        setBusy(true);
        setProblem('');
        onSubmit(values as Record<Name, string>)
          .catch((error: unknown) => setProblem(authInWords(error)))
          .finally(() => setBusy(false));
      }}
    >
      {children}
      {fields.map(({ label, ...field }) => (
        <label key={field.name} className="field">
          <span>{label}</span>
          <input {...field} required />
        </label>
      ))}
      {problem !== '' && (
        <p className="refused" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" className="main" disabled={busy}>
        {busy ? 'One moment…' : submit}
      </button>
    </form>
  );
}

function textOf(value: FormDataEntryValue | null): string {
  return typeof value === 'string' ? value : '';
}

export const newPassword = {
  name: 'secret',
  label: 'New password (10 characters or more)',
  type: 'password',
  autoComplete: 'new-password',
} as const;
