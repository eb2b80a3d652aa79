import { setTimeout as sleep } from 'node:timers/promises';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

describe.skipIf(chromiumIsMissing())('the data of a client in a real Chromium', () => {
  let server: FakeServer;
  let served: ServedPage;
  let chromium: Chromium;

  beforeAll(async () => {
    served = await servePage(fileURLToPath(new URL('./testing/client-page.ts', import.meta.url)), (url, init) =>
      server.fetch(url, init),
    );
  });

  afterAll(() => served?.close());

  /** On a profile of its own. */
  async function inChromium(body: () => Promise<void>): Promise<void> {
    server = new FakeServer(['agent:a1']);
    seed(server);
    chromium = await launchChromium();
    try {
      await body();
    } finally {
      await chromium.close();
    }
  }

  async function openTab(prepare: (page: Page) => Promise<void> = async () => {}): Promise<Page> {
    const page = await chromium.context.newPage();
    await prepare(page);
    await page.goto(served.url);
    await page.waitForFunction(() => 'clientPage' in window);
    return page;
  }

  const status = (page: Page) => page.evaluate(() => window.clientPage.status());

  /** What files take of the origin's room, in bytes: the reserve is the only one. */
  const reserved = (page: Page) =>
    page.evaluate(async () => {
      // Only Chromium tells it by kind.
      const { usageDetails } = (await navigator.storage.estimate()) as { usageDetails?: { fileSystem?: number } };
      return usageDetails?.fileSystem ?? 0;
    });

  async function setQuota(page: Page, quotaSize?: number): Promise<void> {
    const session = await chromium.context.newCDPSession(page);
    const { origin } = new URL(served.url);
    await session.send('Storage.overrideQuotaForOrigin', quotaSize === undefined ? { origin } : { origin, quotaSize });
  }

  test('full: what is captured is saved in the reserve and sent, rows stay, and with room everything comes', async () => {
    await inChromium(async () => {
      const rows = 6000;
      // Small pages, so that little room is left behind the last that fits.
      server.pageSize = 100;
      const first = await openTab();
      await expect.poll(() => reserved(first)).toBeGreaterThan(8_000_000);
      await first.close();
      // Chromium goes by the room that it has seen last, for as long as the database is open and some seconds more.
      await sleep(5_000);
      for (let at = 3; at <= rows; at += 1) {
        const note = Array.from({ length: 100 }, () => crypto.randomUUID()).join();
        server.write('deliveries', `d${at}`, { id: `d${at}`, status: 'pending', amountPaise: at, note });
      }
      const page = await openTab((it) => setQuota(it, 17_000_000));
      await expect.poll(async () => (await status(page)).lastError?.code, { timeout: 60_000 }).toBe('store_full');
      const held = await page.evaluate(() => window.clientPage.rows());
      expect(held).toBeGreaterThan(100);
      expect(held).toBeLessThan(rows);

      expect(await reserved(page)).toBeGreaterThan(8_000_000);

      const { saved, refused } = await page.evaluate(() => window.clientPage.noteUntilFull(1500));
      console.log(`${held} rows filled 17 MB; then ${saved} mutations were saved before "${refused}"`);
      expect(saved).toBeGreaterThan(100);
      expect(refused).toContain('no space left');
      expect(await reserved(page)).toBeLessThan(10_000);
      expect(await page.evaluate(() => window.clientPage.rows())).toBe(held);
      // They are on their way meanwhile, as far as there is room to note that.
      await expect.poll(() => server.applied.size, { timeout: 60_000 }).toBeGreaterThan(0);

      await setQuota(page);
      await page.reload();
      await page.waitForFunction(() => 'clientPage' in window);
      await expect
        .poll(() => page.evaluate(() => window.clientPage.rows()), { timeout: 60_000, interval: 500 })
        .toBe(rows);
      await expect.poll(async () => (await status(page)).pending, { timeout: 60_000 }).toBe(0);
      expect(await page.evaluate(async () => (await window.clientPage.records()).length)).toBe(saved);
      expect(server.applied.size).toBe(saved);
      expect(Math.max(...server.applied.values())).toBe(1);
    });
  });

  /** Three notes that never leave the device. */
  async function captureOffline(): Promise<string> {
    const page = await openTab();
    await expect.poll(async () => (await status(page)).lastSyncedAt).not.toBeNull();
    await chromium.context.setOffline(true);
    await page.evaluate(() => Promise.all(['a', 'b', 'c'].map((text) => window.clientPage.note(text))));
    const clientId = await page.evaluate(() => window.clientPage.clientId());
    expect((await status(page)).persistent).toEqual(expect.any(Boolean));
    await page.close();
    await chromium.context.setOffline(false);
    return clientId;
  }

  test('cleared by the browser: the next start says what was lost, until somebody has heard of it', async () => {
    await inChromium(async () => {
      const clientId = await captureOffline();
      const other = await chromium.context.newPage();
      const session = await chromium.context.newCDPSession(other);
      await session.send('Storage.clearDataForOrigin', {
        origin: new URL(served.url).origin,
        storageTypes: 'indexeddb',
      });
      const page = await openTab();
      expect((await status(page)).storeLost).toEqual({ clientId, unsent: 3, at: expect.any(String) });
      await page.reload();
      await page.waitForFunction(() => 'clientPage' in window);
      expect((await status(page)).storeLost).toMatchObject({ unsent: 3 });
      await page.evaluate(() => window.clientPage.acknowledgeLoss());
      await page.reload();
      await page.waitForFunction(() => 'clientPage' in window);
      expect((await status(page)).storeLost).toBeNull();
    });
  });

  test('damaged on the disk: Chromium throws it away without a word, the SDK does not', async () => {
    await inChromium(async () => {
      const clientId = await captureOffline();
      await chromium.context.close();
      const directory = join(chromium.profile, 'Default', 'IndexedDB');
      const database = readdirSync(directory).find((name) => name.endsWith('.leveldb')) ?? '';
      for (const file of readdirSync(join(directory, database))) {
        if (/^(?:MANIFEST|CURRENT|\d+\.(?:ldb|log))/.test(file))
          writeFileSync(join(directory, database, file), 'damaged');
      }
      await chromium.relaunch();
      const page = await openTab();
      expect((await status(page)).storeLost).toMatchObject({ clientId, unsent: 3 });
    });
  });
});
