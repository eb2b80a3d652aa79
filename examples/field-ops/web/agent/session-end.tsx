import { useState } from 'react';
import type { AgentClient } from './client.ts';
import { useLanguage } from './i18n/language.tsx';
import { LanguageButton } from './language-button.tsx';
import { SupportSheet } from './support-sheet.tsx';
import { useStatus } from './use-status.ts';

/** The office has blocked this phone or this account. What is not sent stays here, sealed, and can be handed over. */
export function Blocked({ client, onSignIn, onLeave }: { client: AgentClient; onSignIn(): void; onLeave(): void }) {
  const { t } = useLanguage();
  const { pending } = useStatus(client);
  const [support, setSupport] = useState(false);
  return (
    <>
      <header className="top">
        <h1>{t.appName}</h1>
        <LanguageButton />
      </header>
      <main className="sign-in" data-testid="blocked">
        <h2>{t.ended.blockedTitle}</h2>
        <p className="problem" role="alert">
          {t.ended.blocked}
        </p>
        <p>{pending === 0 ? t.ended.nothingUnsent : t.ended.unsentHere(pending)}</p>
        <button type="button" className="primary wide" data-testid="support" onClick={() => setSupport(true)}>
          {t.ended.handOver}
        </button>
        <button type="button" className="secondary wide" onClick={onSignIn}>
          {t.ended.signInAgain}
        </button>
        <button type="button" className="secondary wide" onClick={onLeave}>
          {t.unlock.somebodyElse}
        </button>
        {support && <SupportSheet client={client} onClose={() => setSupport(false)} />}
      </main>
    </>
  );
}

/** The sign-in has ended, and work goes on: what is entered is kept, and sent after signing in again. */
export function SignInAgainBar({ onSignIn }: { onSignIn(): void }) {
  const { t } = useLanguage();
  return (
    <div className="again" role="alert" data-testid="sign-in-again">
      <p>{t.ended.again}</p>
      <button type="button" className="primary" onClick={onSignIn}>
        {t.ended.signInAgain}
      </button>
    </div>
  );
}
