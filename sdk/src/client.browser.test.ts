import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chromium, chromiumIsMissing, launchChromium } from '../../test/support/chromium.ts';
import { lastSent, saveThree, shareTheWork, shown, signOutInBoth } from './testing/client-in-tabs.ts';
import { FakeServer } from './testing/fake-server.ts';
import { type ServedPage, servePage } from './testing/serve-page.ts';
import { seed } from './testing/world.ts';

type Page = Awaited<ReturnType<Chromium['context']['newPage']>>;

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

  test('syncs, hears pokes, compresses, and shares the work between tabs', async () => {
    const left = await shareTheWork(server, openTab);
    await expect.poll(() => server.streams.size).toBe(1);
    await left.close();
  });

  test('offline, killed and started again: what was saved is sent once', async () => {
    const page = await openTab();
    await expect.poll(() => page.evaluate(() => window.clientPage.status().lastSyncedAt)).not.toBeNull();
    await chromium.context.setOffline(true);
    const keys = await saveThree(page);
    expect(await page.evaluate(() => window.clientPage.status())).toMatchObject({ online: false, pending: 3 });
    await chromium.kill();
    await chromium.relaunch();
    const again = await openTab();
    expect(await lastSent(again, keys.length)).toEqual(keys.map((key) => [key, 'applied']));
    expect(keys.map((key) => server.applied.get(key))).toEqual([1, 1, 1]);
    await again.close();
  });

  test('who signs out in one tab is signed out in all, and nothing of theirs is left', async () => {
    const [first, second] = [await openTab(), await openTab()];
    await expect.poll(() => shown(second)).toContain('d1');
    await signOutInBoth(first, second);
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
