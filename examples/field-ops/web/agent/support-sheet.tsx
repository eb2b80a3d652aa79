import { mountInspector } from '@ekbaar/sdk/inspector';
import { useEffect, useRef } from 'react';
import type { AgentClient } from './client.ts';
import { useLanguage } from './i18n/language.tsx';
import { Sheet } from './sheet.tsx';

/** What somebody of support asks for on the phone: how sync stands, to be copied, and what is not sent, as a file. */
export function SupportSheet({ client, onClose }: { client: AgentClient; onClose(): void }) {
  const { t } = useLanguage();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!place.current) return undefined;
    // The app is made for sunlight, whatever the phone is set to.
    return mountInspector(place.current, client, { theme: 'light', title: t.account.supportTitle });
  }, [client, t]);
  return (
    <Sheet title={t.account.support} onClose={onClose}>
      <p className="dim">{t.account.supportExplain}</p>
      <div ref={place} className="inspector" />
    </Sheet>
  );
}
