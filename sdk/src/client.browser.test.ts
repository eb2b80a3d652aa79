import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chromium, chromiumIsMissing, launchChromium } from '../../test/support/chromium.ts';
import type { ClientPage } from './testing/client-page.ts';
import { FakeServer } from './testing/fake-server.ts';
import { type ServedPage, servePage } from './testing/serve-page.ts';
import { seed } from './testing/world.ts';

type Page = Awaited<ReturnType<Chromium['context']['newPage']>>;

declare global {
  interface Window {
    /** Put there by client-page.ts. */
    readonly clientPage: ClientPage;
  }
}

describe.skipIf(chromiumIsMissing())('a client in a real Chromium', () => {
  const server = new FakeServer(['agent:a1']);
  let served: ServedPage;
  let chromium: Chromium;

  beforeAll(async () => {
    seed(server);
    served = await servePage(fileURLToPath(new URL('./testing/client-page.ts', import.meta.url)), server.fetch);
    chromium = await launchChromium();
  });

  afterAll(async () => {
    await chromium?.close();
    served?.close();
  });

  async function openTab({ deaf = false } = {}): Promise<Page> {
    const page = await chromium.context.newPage();
    if (deaf) await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'BroadcastChannel'));
    await page.goto(served.url);
    await page.waitForFunction(() => 'clientPage' in window);
    return page;
  }

  const shown = (page: Page) => page.evaluate(() => window.clientPage.shown().at(-1));

  test('syncs, hears pokes, compresses, and shares the work between tabs', async () => {
    const first = await openTab();
    await expect.poll(() => shown(first)).toBe('d1 pending,d2 pending');
    const second = await openTab();
    await expect.poll(() => shown(second)).toBe('d1 pending,d2 pending');
    const ids = await Promise.all([first, second].map((page) => page.evaluate(() => window.clientPage.clientId())));
    expect(ids[0]).toBe(ids[1]);

    const key = await second.evaluate(() => window.clientPage.confirm('d1'));
    await expect.poll(() => shown(first)).toBe('d1 confirmed,d2 pending');
    await expect.poll(() => server.applied.get(key)).toBe(1);
    await expect.poll(() => second.evaluate(() => window.clientPage.status().pending)).toBe(0);

    await expect.poll(() => server.streams.size).toBe(1);
    server.write('deliveries', 'd3', { id: 'd3', status: 'pending', amountPaise: 1 });
    server.poke({ 'agent:a1': server.scopes.get('agent:a1')?.version ?? 0 });
    for (const page of [first, second]) await expect.poll(() => shown(page)).toBe('d1 confirmed,d2 pending,d3 pending');

    await first.evaluate(() => window.clientPage.note('long '.repeat(1000)));
    await expect.poll(() => server.headers.at(-1)?.get('content-encoding')).toBe('gzip');

    // The tab that leads goes; the other takes over.
    await first.close();
    await second.evaluate(() => window.clientPage.confirm('d2'));
    await expect.poll(() => second.evaluate(() => window.clientPage.status().pending)).toBe(0);
    await expect.poll(() => server.streams.size).toBe(1);
    await second.close();
  });

  test('offline, killed and started again: what was saved is sent once', async () => {
    const page = await openTab();
    await expect.poll(() => page.evaluate(() => window.clientPage.status().lastSyncedAt)).not.toBeNull();
    await chromium.context.setOffline(true);
    const keys = await page.evaluate(() => Promise.all(['a', 'b', 'c'].map((text) => window.clientPage.note(text))));
    expect(await page.evaluate(() => window.clientPage.status())).toMatchObject({ online: false, pending: 3 });
    await chromium.kill();
    await chromium.relaunch();
    const again = await openTab();
    await expect.poll(() => again.evaluate(() => window.clientPage.status().pending)).toBe(0);
    expect(keys.map((key) => server.applied.get(key))).toEqual([1, 1, 1]);
    const records = await again.evaluate(() => window.clientPage.records());
    expect(records.slice(-3).map(({ key, state }) => [key, state])).toEqual(keys.map((key) => [key, 'applied']));
    await again.close();
  });

  test('who signs out in one tab is signed out in all, and nothing of theirs is left', async () => {
    const [first, second] = [await openTab(), await openTab()];
    await expect.poll(() => shown(second)).toContain('d1');
    // The second one holds the database open, and lets go.
    await first.evaluate(() => window.clientPage.signOut());
    await expect.poll(() => second.evaluate(() => window.clientPage.status().signedOut)).toBe(true);
    await expect(second.evaluate(() => window.clientPage.note('too late'))).rejects.toThrow('closed');
    expect(await second.evaluate(() => window.clientPage.databases())).toEqual([]);
    await second.reload();
    await expect.poll(() => shown(second)).toContain('d1');
    await Promise.all([first.close(), second.close()]);
  });

  test.each([false, true])(
    'a tab that heard nothing of it writes nothing back when it wakes (signed in again meanwhile: %s)',
    async (signedInAgain) => {
      const first = await openTab();
      // Rows are shown before they are in the store, and a tab that hears nothing has them from there alone.
      await first.evaluate(() => window.clientPage.sync());
      const asleep = await openTab({ deaf: true });
      await expect.poll(() => shown(asleep)).toContain('d1');
      await asleep.evaluate(() => window.clientPage.note('old'));
      await asleep.evaluate(() => window.clientPage.sync());
      await first.evaluate(() => window.clientPage.signOut());
      if (signedInAgain) {
        await first.reload();
        await first.waitForFunction(() => 'clientPage' in window);
        await first.evaluate(() => window.clientPage.note('new'));
      }
      const writing = asleep.evaluate(() => window.clientPage.note('too late'));
      await expect(writing).rejects.toThrow('closed');
      expect(await asleep.evaluate(() => window.clientPage.status().signedOut)).toBe(true);
      await asleep.close();
      await first.reload();
      await expect.poll(() => shown(first)).toContain('d1');
      const records = await first.evaluate(() => window.clientPage.records());
      expect(records.map(({ args }) => args)).toEqual(signedInAgain ? [{ text: 'new' }] : []);
      expect(await first.evaluate(() => window.clientPage.status().storeLost)).toBeNull();
      await first.evaluate(() => window.clientPage.signOut({ dropUnsent: true }));
      await first.close();
    },
  );
});
