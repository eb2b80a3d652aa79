import { useEffect, useRef, useState } from 'react';
import type { AgentClient } from './client.ts';
import { useLanguage } from './i18n/language.tsx';
import { PartProblem } from './part.tsx';
import { patiently } from './patiently.ts';
import { shownTheme } from './settings.ts';
import { Sheet } from './sheet.tsx';

/** What somebody of support asks for on the phone: how sync stands, to be copied, and what is not sent, as a file. */
export function SupportSheet({ client, onClose }: { client: AgentClient; onClose(): void }) {
  const { t } = useLanguage();
  const place = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<'opening' | 'open' | 'failed'>('opening');
  useEffect(() => {
    if (!place.current) return undefined;
    let left = false;
    let unmount = () => {};
    patiently(() => import('@ekbaar/sdk/inspector')).then(
      ({ mountInspector }) => {
        if (left || !place.current) return;
        const theme = shownTheme() === 'dark' ? 'dark' : 'light';
        unmount = mountInspector(place.current, client, { theme, title: t.account.supportTitle });
        setState('open');
      },
      () => !left && setState('failed'),
    );
    return () => {
      left = true;
      unmount();
    };
  }, [client, t]);
  return (
    <Sheet title={t.account.support} onClose={onClose}>
      <p className="dim">{t.account.supportExplain}</p>
      {state === 'opening' && <p className="notice">{t.loading}</p>}
      {state === 'failed' && <PartProblem />}
      <div ref={place} className="inspector" />
    </Sheet>
  );
}
