import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DrivenBrowser, Tab } from '../../test/support/driven-browser.ts';
import { otherBrowsers } from '../../test/support/other-browsers.ts';
import { storeContract } from './store/contract.ts';
import { lastSent, saveThree, shareTheWork, signOutInBoth } from './testing/client-in-tabs.ts';
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
      const left = await shareTheWork(server, openClient);
      await expect.poll(() => server.streams.size).toBe(1);
      await left.close();
    });

    test('what was saved without a network when the browser ended is sent once', async () => {
      const tab = await openClient();
      await tab.evaluate(() => window.clientPage.sync());
      reachable = false;
      const keys = await saveThree(tab);
      await browser.endTabs();
      reachable = true;
      const again = await openClient();
      expect(await lastSent(again, keys.length)).toEqual(keys.map((key) => [key, 'applied']));
      expect(keys.map((key) => server.applied.get(key))).toEqual([1, 1, 1]);
      await again.close();
    });

    test('who signs out in one tab is signed out in all, and nothing of theirs is left', async () => {
      const [first, second] = [await openClient(), await openClient()];
      await signOutInBoth(first, second);
      expect(await second.evaluate(() => window.clientPage.databases())).toEqual([]);
      await Promise.all([first.close(), second.close()]);
    });
  });
}
