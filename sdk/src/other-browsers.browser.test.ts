import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DrivenBrowser, Tab } from '../../test/support/driven-browser.ts';
import { otherBrowsers } from '../../test/support/other-browsers.ts';
import { storeContract } from './store/contract.ts';
import { FakeServer } from './testing/fake-server.ts';
import { type ServedPage, servePage } from './testing/serve-page.ts';
import { seed } from './testing/world.ts';

const pageOf = (file: string) => fileURLToPath(new URL(`./testing/${file}`, import.meta.url));

for (const { name, isMissing, start } of otherBrowsers) {
  describe.skipIf(isMissing())(`in a real ${name}`, () => {
    const server = new FakeServer(['agent:a1']);
    let reachable = true;
    let stores: ServedPage;
    let clients: ServedPage;
    let browser: DrivenBrowser;

    beforeAll(async () => {
      seed(server);
      [stores, clients, browser] = await Promise.all([
        servePage(pageOf('idb-page.ts')),
        servePage(pageOf('client-page.ts'), async (url, init) => {
          if (!reachable) throw new Error('no network');
          return await server.fetch(url, init);
        }),
        start(),
      ]);
    });

    afterAll(async () => {
      await browser?.close();
      stores?.close();
      clients?.close();
    });

    async function openClient(): Promise<Tab> {
      const tab = await browser.openTab(clients.url);
      await expect.poll(() => tab.evaluate(() => 'clientPage' in window)).toBe(true);
      return tab;
    }

    const shown = (tab: Tab) => tab.evaluate(() => window.clientPage.shown().at(-1) ?? '');

    test.each([false, true])('idbStore meets the contract of every store (encrypted: %s)', async (encrypted) => {
      const tab = await browser.openTab(stores.url);
      const results = await tab.evaluate((it) => window.idbPage.runContract(it), encrypted);
      expect(results).toEqual(storeContract.map(({ name }) => ({ name, error: null })));
      await tab.close();
    });

    test('a store opens again when its connection was closed or lost', async () => {
      const tab = await browser.openTab(stores.url);
      expect(await tab.evaluate(() => window.idbPage.survivesDeletion())).toEqual({ before: 'here', after: 'again' });
      expect(await tab.evaluate(() => window.idbPage.reopensOnce())).toEqual({ opened: 2, stillOpen: 0 });
      expect(await tab.evaluate(() => window.idbPage.serverLost())).toEqual({ runs: 2, found: 2 });
      expect(await tab.evaluate(() => window.idbPage.eventsLost())).toEqual({ runs: 2, found: 2 });
      await tab.close();
    });

    test('a client syncs, hears pokes, compresses, and shares the work between tabs', async () => {
      const first = await openClient();
      await expect.poll(() => shown(first)).toBe('d1 pending,d2 pending');
      const second = await openClient();
      const key = await second.evaluate(() => window.clientPage.confirm('d1'));
      await expect.poll(() => shown(first)).toBe('d1 confirmed,d2 pending');
      await expect.poll(() => server.applied.get(key)).toBe(1);
      await expect.poll(() => second.evaluate(() => window.clientPage.status().pending)).toBe(0);

      await expect.poll(() => server.streams.size).toBe(1);
      server.write('deliveries', 'd3', { id: 'd3', status: 'pending', amountPaise: 1 });
      server.poke({ 'agent:a1': server.scopes.get('agent:a1')?.version ?? 0 });
      for (const tab of [first, second]) {
        await expect.poll(() => shown(tab)).toBe('d1 confirmed,d2 pending,d3 pending');
      }
      await first.evaluate(() => window.clientPage.note('long '.repeat(1000)));
      await expect.poll(() => server.headers.at(-1)?.get('content-encoding')).toBe('gzip');

      // The tab that leads goes; the other takes over.
      await first.close();
      await second.evaluate(() => window.clientPage.confirm('d2'));
      await expect.poll(() => second.evaluate(() => window.clientPage.status().pending)).toBe(0);
      await expect.poll(() => server.streams.size).toBe(1);
      await second.close();
    });

    test('what was saved without a network when the browser ended is sent once', async () => {
      const tab = await openClient();
      await tab.evaluate(() => window.clientPage.sync());
      reachable = false;
      const keys = await tab.evaluate(() => Promise.all(['a', 'b', 'c'].map((text) => window.clientPage.note(text))));
      await browser.endTabs();
      reachable = true;
      const again = await openClient();
      await expect.poll(() => again.evaluate(() => window.clientPage.status().pending)).toBe(0);
      expect(keys.map((key) => server.applied.get(key))).toEqual([1, 1, 1]);
      const records = await again.evaluate(() => window.clientPage.records());
      expect(records.slice(-3).map(({ key, state }) => [key, state])).toEqual(keys.map((key) => [key, 'applied']));
      await again.close();
    });

    test('who signs out in one tab is signed out in all, and nothing of theirs is left', async () => {
      const [first, second] = [await openClient(), await openClient()];
      await first.evaluate(() => window.clientPage.signOut());
      await expect.poll(() => second.evaluate(() => window.clientPage.status().signedOut)).toBe(true);
      await expect(second.evaluate(() => window.clientPage.note('too late'))).rejects.toThrow('closed');
      expect(await second.evaluate(() => window.clientPage.databases())).toEqual([]);
      await Promise.all([first.close(), second.close()]);
    });
  });
}
