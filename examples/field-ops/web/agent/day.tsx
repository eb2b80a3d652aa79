import { useEffect, useMemo, useRef, useState } from 'react';
import type { Account } from '../shared/account.ts';
import { indiaDay } from '../../src/india-day.ts';
import { AccountMenu } from './account-menu.tsx';
import type { AgentClient } from './client.ts';
import { closingOf } from './day-totals.ts';
import { openStates } from './delivery-state.ts';
import type { Filter } from './filter-tabs.tsx';
import { useLanguage } from './i18n/language.tsx';
import { CloseScreen, DeliverySheet, HistoryScreen, MapScreen } from './lazy-screens.tsx';
import { Part } from './part.tsx';
import { useDayStops } from './places/use-day-stops.ts';
import { useSession } from './session-context.ts';
import { useSettings } from './settings.ts';
import { SyncBar } from './sync-bar.tsx';
import { type Tab, TabBar } from './tab-bar.tsx';
import { Today } from './today.tsx';
import { useTrack } from './track/use-track.ts';
import { useKept } from './use-kept.ts';
import { useMinute, useStatus } from './use-status.ts';
import { useWork } from './use-work.ts';

/** How long the note stays that something was saved, in milliseconds. */
const saidFor = 4_000;

interface DayProps {
  client: AgentClient;
  account: Account;
  onSignOut(): void;
  /** The agent signed out in another tab, and the client is closed. */
  onSignedOut(): void;
}

/**
 * The app of somebody who is signed in: what is not sent or refused always above, the screens below. Each stands by
 * itself: what one of them cannot show must not take the others away.
 */
export function Day({ client, account, onSignOut, onSignedOut }: DayProps) {
  const { t } = useLanguage();
  const { session } = useSession();
  const { tracked } = useSettings();
  const status = useStatus(client);
  const today = indiaDay(useMinute());
  const work = useWork(client);
  const [tab, setTab] = useState<Tab>('today');
  const [filter, setFilter] = useState<Filter>('all');
  const [openId, setOpenId] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const screen = useRef<HTMLElement>(null);

  useEffect(() => {
    const timer = setTimeout(() => setSaid(''), saidFor);
    return () => clearTimeout(timer);
  }, [said]);
  // The app without its rows would be of no use in the field.
  const kept = useKept() && status.lastSyncedAt !== null;
  const wasKept = useRef(kept);
  useEffect(() => {
    if (kept && !wasKept.current) setSaid(t.bar.kept);
    wasKept.current = kept;
  }, [kept, t]);
  const { signedOut } = status;
  useEffect(() => {
    if (signedOut) onSignedOut();
  }, [signedOut, onSignedOut]);

  const todo = useMemo(() => work.entries.filter(({ state }) => openStates.has(state)), [work.entries]);
  const route = useDayStops(session, todo, status.lastSyncedAt);
  const isClosed = closingOf(work.log, today) !== null;
  useTrack(client, !isClosed && tracked.includes(`${account.tenant} ${account.sub}`));

  const goTo = (next: Tab) => {
    setTab(next);
    window.scrollTo({ top: 0 });
    // Who cannot see that another screen is there hears its name.
    screen.current?.focus({ preventScroll: true });
  };
  const screens = {
    today: () => (
      <Today
        {...{ client, work, route, filter, today }}
        loading={work.loading || (work.entries.length === 0 && status.lastSyncedAt === null)}
        onFilter={setFilter}
        onOpen={setOpenId}
      />
    ),
    map: () => <MapScreen route={route} onOpen={setOpenId} />,
    history: () => <HistoryScreen work={work} today={today} onOpen={setOpenId} />,
    close: () => (
      <CloseScreen
        {...{ client, work, today }}
        unsent={status.pending}
        onAttention={() => {
          setFilter('attention');
          goTo('today');
        }}
      />
    ),
  };
  return (
    <>
      <Part>
        <header className="top">
          <div>
            <h1>{t.tabs[tab]}</h1>
            <p className="dim">
              {account.name} · {account.operator}
            </p>
          </div>
          <AccountMenu client={client} account={account} unsent={status.pending} onSignOut={onSignOut} />
        </header>
      </Part>
      <Part>
        <SyncBar
          {...{ client, kept }}
          refused={work.refusals.length}
          onRefused={() => {
            setFilter('attention');
            goTo('today');
          }}
        />
      </Part>
      <main ref={screen} tabIndex={-1} aria-label={t.tabs[tab]} className="screen">
        {work.unread ? (
          <div className="problem" role="alert" data-testid="unread">
            <p>{t.day.unreadable}</p>
            <p>{work.unread.message}</p>
            <button type="button" onClick={work.unread.again}>
              {t.tryAgain}
            </button>
          </div>
        ) : (
          <Part key={tab}>{screens[tab]()}</Part>
        )}
      </main>
      <p className="said" role="status">
        {said}
      </p>
      <Part>
        <TabBar chosen={tab} onChoose={goTo} />
      </Part>
      {openId !== null && (
        <Part key={openId} onClose={() => setOpenId(null)}>
          <DeliverySheet
            client={client}
            account={account}
            entry={work.entries.find(({ row }) => row.id === openId) ?? null}
            onClose={() => setOpenId(null)}
            onSaved={(words) => {
              setSaid(words);
              // Somebody who closed it at once may have opened another one meanwhile.
              setOpenId((current) => (current === openId ? null : current));
            }}
          />
        </Part>
      )}
    </>
  );
}
