import type { ReactNode } from 'react';
import { useLanguage } from './i18n/language.tsx';

export type Tab = 'today' | 'map' | 'history' | 'close';

const icons: Readonly<Record<Tab, ReactNode>> = {
  today: <path d="M4 6h2M4 12h2M4 18h2M10 6h10M10 12h10M10 18h10" />,
  map: (
    <path d="M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.500C5 14.8 12 21 12 21zM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z" />
  ),
  history: <path d="M4 12a8 8 0 1 0 2.5-5.800L4 8.500M4 4v4.500h4.500M12 7.500V12l3 2" />,
  close: <path d="M5 4h14v16H5zM8.5 12.500l2.5 2.5 4.5-5.5" />,
};
const tabs: readonly Tab[] = ['today', 'map', 'history', 'close'];

/** The screens of the app, within reach of a thumb. */
export function TabBar({ chosen, onChoose }: { chosen: Tab; onChoose(tab: Tab): void }) {
  const { t } = useLanguage();
  return (
    <nav className="tabs" aria-label={t.tabs.label}>
      {tabs.map((tab) => (
        <button
          key={tab}
          type="button"
          data-testid={`tab-${tab}`}
          aria-current={tab === chosen ? 'page' : undefined}
          onClick={() => onChoose(tab)}
        >
          <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
            {icons[tab]}
          </svg>
          {t.tabs[tab]}
        </button>
      ))}
    </nav>
  );
}
