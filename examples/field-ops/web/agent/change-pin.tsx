import { useState } from 'react';
import { AuthError, changeSecret } from '../shared/auth-line.ts';
import { authInWords } from './auth-in-words.ts';
import { useLanguage } from './i18n/language.tsx';
import { withToken } from './run-out.ts';
import { PinField } from './secret-fields.tsx';
import { useSession } from './session-context.ts';
import { Sheet } from './sheet.tsx';

/** Another PIN, at the office and on this phone. Needs a network: the server must take it first. */
export function ChangePin({ onClose }: { onClose(): void }) {
  const { t } = useLanguage();
  const { session, vaults } = useSession();
  const [old, setOld] = useState('');
  const [pin, setPin] = useState('');
  const [again, setAgain] = useState('');
  const [said, setSaid] = useState<{ kind: 'problem' | 'done' | 'busy' | 'none'; words: string }>({
    kind: 'none',
    words: '',
  });

  const change = async () => {
    if (pin !== again) return setSaid({ kind: 'problem', words: t.reset.differ });
    setSaid({ kind: 'busy', words: '' });
    try {
      await withToken(session.token, (token) => changeSecret(token, { old, secret: pin }));
      await vaults.changePin(session.account, old, pin);
      setSaid({ kind: 'done', words: t.account.pinChanged });
    } catch (error) {
      const isWrong = error instanceof AuthError && error.issue?.path === 'old';
      const isOver = error instanceof AuthError && error.status === 401;
      setSaid({
        kind: 'problem',
        words: isWrong ? t.signIn.wrongPin : isOver ? t.ended.again : authInWords(error, t),
      });
    }
  };
  return (
    <Sheet title={t.account.changePin} onClose={onClose}>
      {said.kind === 'done' ? (
        <p role="status">{said.words}</p>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void change();
          }}
        >
          <PinField label={t.account.oldPin} value={old} onChange={(event) => setOld(event.target.value)} />
          <PinField label={t.reset.newPin} value={pin} onChange={(event) => setPin(event.target.value)} />
          <PinField label={t.reset.newPinAgain} value={again} onChange={(event) => setAgain(event.target.value)} />
          {said.kind === 'problem' && (
            <p className="problem" role="alert">
              {said.words}
            </p>
          )}
          <button type="submit" className="primary wide" disabled={said.kind === 'busy'}>
            {said.kind === 'busy' ? t.signIn.busyLabel : t.account.changePin}
          </button>
        </form>
      )}
    </Sheet>
  );
}
