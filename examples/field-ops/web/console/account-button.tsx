import { useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { changeSecret } from '../shared/auth-line.ts';
import type { OfficeSession } from './office-session.ts';
import { newPassword, SecretForm } from './secret-form.tsx';

const old = { name: 'old', label: 'Old password', type: 'password', autoComplete: 'current-password' } as const;

/** Who is signed in: another password, and the way out. */
export function AccountButton({ session }: { session: OfficeSession }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [changed, setChanged] = useState(false);
  const { account } = session;
  return (
    <>
      <button type="button" data-testid="account" onClick={() => dialog.current?.showModal()}>
        {account.name}
      </button>
      {/* Outside of the header, whose white on green it would be drawn in. */}
      {createPortal(
        <dialog ref={dialog} aria-labelledby="account-title" onClose={() => setChanged(false)}>
          <div className="dialog-top">
            <h2 id="account-title">{account.name}</h2>
            <button type="button" aria-label="Close" onClick={() => dialog.current?.close()}>
              ✕
            </button>
          </div>
          <p className="dim">
            {account.operator} · {account.login}
          </p>
          {changed ? (
            <p role="status">The new password counts from now on. Other browsers were signed out.</p>
          ) : (
            <SecretForm
              fields={[old, newPassword]}
              submit="Change password"
              testId="change-password"
              onSubmit={async (values) => {
                await changeSecret(await session.token('first'), values);
                setChanged(true);
              }}
            />
          )}
          <button type="button" data-testid="sign-out" onClick={() => void session.signOut()}>
            Sign out
          </button>
        </dialog>,
        document.body,
      )}
    </>
  );
}
