import { useEffect, useRef } from 'react';
import type { AgentClient } from './client.ts';
import { useLanguage } from './i18n/language.tsx';
import { shownTheme } from './settings.ts';
import { Sheet } from './sheet.tsx';

/** What somebody of support asks for on the phone: how sync stands, to be copied, and what is not sent, as a file. */
export function SupportSheet({ client, onClose }: { client: AgentClient; onClose(): void }) {
  const { t } = useLanguage();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!place.current) return undefined;
    let left = false;
    let unmount = () => {};
    void import('@ekbaar/sdk/inspector').then(({ mountInspector }) => {
      if (left || !place.current) return;
      const theme = shownTheme() === 'dark' ? 'dark' : 'light';
      unmount = mountInspector(place.current, client, { theme, title: t.account.supportTitle });
    });
    return () => {
      left = true;
      unmount();
    };
  }, [client, t]);
  return (
    <Sheet title={t.account.support} onClose={onClose}>
      <p className="dim">{t.account.supportExplain}</p>
      <div ref={place} className="inspector" />
    </Sheet>
  );
}
