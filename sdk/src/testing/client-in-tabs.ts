import { expect } from 'vitest';
import type { ClientPage } from './client-page.ts';
import type { FakeServer } from './fake-server.ts';

declare global {
  interface Window {
    /** Put there by client-page.ts. */
    readonly clientPage: ClientPage;
  }
}

/** A tab with client-page.ts in it, of whatever browser, and by whatever it is driven. */
export interface ClientTab {
  evaluate<T>(body: () => T | Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** What a tab's client has shown last. */
export const shown = (tab: ClientTab) => tab.evaluate(() => window.clientPage.shown().at(-1) ?? '');

const pending = (tab: ClientTab) => tab.evaluate(() => window.clientPage.status().pending);

/**
 * Two tabs, opened one after the other, sync, hear pokes, compress, and share the work.
 *
 * @returns the second, which has taken over from the first.
 */
export async function shareTheWork(server: FakeServer, openTab: () => Promise<ClientTab>): Promise<ClientTab> {
  const first = await openTab();
  await expect.poll(() => shown(first)).toBe('d1 pending,d2 pending');
  const second = await openTab();
  await expect.poll(() => shown(second)).toBe('d1 pending,d2 pending');
  const ids = await Promise.all([first, second].map((tab) => tab.evaluate(() => window.clientPage.clientId())));
  expect(ids[0]).toBe(ids[1]);

  const key = await second.evaluate(() => window.clientPage.confirm('d1'));
  await expect.poll(() => shown(first)).toBe('d1 confirmed,d2 pending');
  await expect.poll(() => server.applied.get(key)).toBe(1);
  await expect.poll(() => pending(second)).toBe(0);

  await expect.poll(() => server.streams.size).toBe(1);
  server.write('deliveries', 'd3', { id: 'd3', status: 'pending', amountPaise: 1 });
  server.poke({ 'agent:a1': server.scopes.get('agent:a1')?.version ?? 0 });
  for (const tab of [first, second]) await expect.poll(() => shown(tab)).toBe('d1 confirmed,d2 pending,d3 pending');

  await first.evaluate(() => window.clientPage.note('long '.repeat(1000)));
  await expect.poll(() => server.headers.at(-1)?.get('content-encoding')).toBe('gzip');

  // The tab that leads goes; the other takes over.
  await first.close();
  await second.evaluate(() => window.clientPage.confirm('d2'));
  await expect.poll(() => pending(second)).toBe(0);
  return second;
}

/** Saves three notes. @returns their keys. */
export const saveThree = (tab: ClientTab) =>
  tab.evaluate(() => Promise.all(['a', 'b', 'c'].map((text) => window.clientPage.note(text))));

/** Keys and states of what the tab's client has recorded last, when all of it is sent. */
export async function lastSent(tab: ClientTab, count: number): Promise<(readonly [key: string, state: string])[]> {
  await expect.poll(() => pending(tab)).toBe(0);
  const records = await tab.evaluate(() => window.clientPage.records());
  return records.slice(-count).map(({ key, state }) => [key, state]);
}

/** Who signs out in the first tab is signed out in the second too. */
export async function signOutInBoth(first: ClientTab, second: ClientTab): Promise<void> {
  // The second one holds the database open, and lets go.
  await first.evaluate(() => window.clientPage.signOut());
  await expect.poll(() => second.evaluate(() => window.clientPage.status().signedOut)).toBe(true);
  await expect(second.evaluate(() => window.clientPage.note('too late'))).rejects.toThrow('closed');
}
