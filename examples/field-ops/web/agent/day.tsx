import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Account } from '../shared/account.ts';
import { dayOf } from '../shared/india-time.ts';
import { AccountMenu } from './account-menu.tsx';
import { AttentionList } from './attention-list.tsx';
import type { AgentClient } from './client.ts';
import { deliveryEntries } from './delivery-state.ts';
import { DeliveryList } from './delivery-list.tsx';
import { DeliverySheet } from './delivery-sheet.tsx';
import { type Filter, FilterTabs } from './filter-tabs.tsx';
import { useLanguage } from './i18n/language.tsx';
import { LanguageButton } from './language-button.tsx';
import { SyncBar } from './sync-bar.tsx';
import { useMinute, useStatus } from './use-status.ts';

/** How long the note stays that something was saved, in milliseconds. */
const saidFor = 4_000;

interface DayProps {
  client: AgentClient;
  account: Account;
  onSignOut(): void;
  /** The agent signed out in another tab, and the client is closed. */
  onSignedOut(): void;
}

/** The agent's main screen: the day's deliveries, what this phone did to them, and what needs attention. */
export function Day({ client, account, onSignOut, onSignedOut }: DayProps) {
  const { t } = useLanguage();
  const status = useStatus(client);
  const today = dayOf(useMinute());
  const [filter, setFilter] = useState<Filter>('all');
  const [typed, setTyped] = useState('');
  const [openId, setOpenId] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const listTop = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => setSaid(''), saidFor);
    return () => clearTimeout(timer);
  }, [said]);

  const { signedOut } = status;
  useEffect(() => {
    if (signedOut) onSignedOut();
  }, [signedOut, onSignedOut]);

  const deliveries = useQuery(client.query('deliveries'));
  const log = useQuery(client.mutations());
  const rejections = useQuery(client.rejections.query());
  const deadLetters = useQuery(client.deadLetters.query());
  const refusals = useMemo(
    () => [...(rejections.data ?? []), ...(deadLetters.data ?? [])].sort((a, b) => (a.at < b.at ? -1 : 1)),
    [rejections.data, deadLetters.data],
  );
  const entries = useMemo(
    () => deliveryEntries(deliveries.data ?? [], log.data ?? [], refusals),
    [deliveries.data, log.data, refusals],
  );
  const rows = useMemo(() => new Map(entries.map((entry) => [entry.row.id, entry.row])), [entries]);
  // Without the log, what is not sent yet would look as if it were done: then no list at all.
  const unread = [deliveries, log, rejections, deadLetters].filter((query) => query.isLoadingError);
  const todo = entries.filter(({ state }) => state === 'todo' || state === 'attention').length;

  return (
    <>
      <header className="top">
        <div>
          <h1>{t.day.title}</h1>
          <p className="dim">
            {account.name} · {account.operator}
          </p>
        </div>
        <LanguageButton />
        <AccountMenu client={client} account={account} unsent={status.pending} onSignOut={onSignOut} />
      </header>
      <SyncBar client={client} />
      <main>
        <div ref={listTop}>
          <FilterTabs
            chosen={filter}
            counts={{ all: entries.length, todo, done: entries.length - todo, attention: refusals.length }}
            onChoose={(chosen) => {
              setFilter(chosen);
              listTop.current?.scrollIntoView({ block: 'nearest' });
            }}
          />
        </div>
        {unread[0] ? (
          <div className="problem" role="alert" data-testid="unread">
            <p>{t.day.unreadable}</p>
            <p>{unread[0].error?.message}</p>
            <button type="button" onClick={() => unread.forEach((query) => void query.refetch())}>
              {t.tryAgain}
            </button>
          </div>
        ) : filter === 'attention' ? (
          <AttentionList client={client} refusals={refusals} rows={rows} onOpen={setOpenId} />
        ) : (
          <>
            <label className="field search">
              <span className="unseen">{t.day.search}</span>
              <input
                type="search"
                autoComplete="off"
                placeholder={t.day.search}
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
              />
            </label>
            <DeliveryList
              key={filter}
              entries={entries}
              filter={filter}
              typed={typed}
              today={today}
              loading={deliveries.data === undefined || (entries.length === 0 && status.lastSyncedAt === null)}
              onOpen={setOpenId}
            />
          </>
        )}
      </main>
      <p className="said" role="status">
        {said}
      </p>
      {openId !== null && (
        <DeliverySheet
          key={openId}
          client={client}
          entry={entries.find(({ row }) => row.id === openId) ?? null}
          onClose={() => setOpenId(null)}
          onSaved={(words) => {
            setSaid(words);
            // Somebody who closed it at once may have opened another one meanwhile.
            setOpenId((current) => (current === openId ? null : current));
          }}
        />
      )}
    </>
  );
}
