import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chromium, chromiumIsMissing, launchChromium } from '../../../../test/support/chromium.ts';
import { storeContract } from '../contract.ts';
import type { InPage } from '../../testing/idb-page.ts';
import { type ServedPage, servePage } from '../../testing/serve-page.ts';

declare global {
  interface Window {
    /** Put there by idb-page.ts. */
    readonly idbPage: InPage;
  }
}

describe.skipIf(chromiumIsMissing())('idbStore in a real Chromium', () => {
  let served: ServedPage;
  let chromium: Chromium;

  beforeAll(async () => {
    served = await servePage(fileURLToPath(new URL('../../testing/idb-page.ts', import.meta.url)));
    chromium = await launchChromium();
  });

  afterAll(async () => {
    await chromium?.close();
    served?.close();
  });

  async function openPage() {
    const page = await chromium.context.newPage();
    await page.goto(served.url);
    await page.waitForFunction(() => 'idbPage' in window);
    return page;
  }

  test.each([false, true])('meets the contract of every store (encrypted: %s)', async (encrypted) => {
    const page = await openPage();
    const results = await page.evaluate((it) => window.idbPage.runContract(it), encrypted);
    expect(results).toEqual(storeContract.map(({ name }) => ({ name, error: null })));
    await page.close();
  });

  test('what a durable transaction has written survives the death of the browser, and only whole', async () => {
    const page = await openPage();
    await page.evaluate(() => window.idbPage.put('crash', 'kept', 'durable'));
    // On its way when the lights go out: it may be there or not, but never by half.
    await page.evaluate(() => window.idbPage.beginLong('crash'));
    await chromium.kill();
    await chromium.relaunch();
    const after = await openPage();
    expect(await after.evaluate(() => window.idbPage.get('crash', 'kept'))).toBe('kept');
    expect([0, 500]).toContain(await after.evaluate(() => window.idbPage.countRows('crash')));
    await after.close();
  });

  test('opens again after the browser or another tab has closed the connection', async () => {
    const page = await openPage();
    expect(await page.evaluate(() => window.idbPage.survivesDeletion())).toEqual({ before: 'here', after: 'again' });
    await page.close();
  });

  test('however many transactions find the connection closed, one new one is opened', async () => {
    const page = await openPage();
    expect(await page.evaluate(() => window.idbPage.reopensOnce())).toEqual({ opened: 2, stillOpen: 0 });
    await page.close();
  });

  test('a transaction that the browser takes away before its end runs again', async () => {
    const page = await openPage();
    const result = page.evaluate(() => window.idbPage.heldTransaction('held'));
    const runs = () => page.evaluate(() => window.idbPage.runs());
    await expect.poll(runs).toBe(1);
    const internals = await chromium.context.newPage();
    await internals.goto('chrome://indexeddb-internals');
    await internals.locator('.force-close').first().click();
    await expect.poll(runs).toBe(2);
    await page.evaluate(() => window.idbPage.letGo());
    expect(await result).toEqual({ runs: 2, found: 1 });
    await Promise.all([page.close(), internals.close()]);
  });

  test('also when the browser’s database server goes away at an operation, and when no event ever comes', async () => {
    const page = await openPage();
    expect(await page.evaluate(() => window.idbPage.serverLost())).toEqual({ runs: 2, found: 2 });
    expect(await page.evaluate(() => window.idbPage.eventsLost())).toEqual({ runs: 2, found: 2 });
    await page.close();
  });

  test('a tab with an older version that does not let go is named, and opening does not wait for it for ever', async () => {
    const [old, page] = [await openPage(), await openPage()];
    await old.evaluate(() => window.idbPage.hold('older', 1));
    expect(await page.evaluate(() => window.idbPage.tryToOpen('older', 300))).toBe('store_blocked');
    await old.evaluate(() => window.idbPage.closeHeld());
    expect(await page.evaluate(() => window.idbPage.tryToOpen('older', 10_000))).toBe('old');
    await Promise.all([old.close(), page.close()]);
  });

  test('what a later version has written is left as it is', async () => {
    const [later, page] = [await openPage(), await openPage()];
    await later.evaluate(() => window.idbPage.hold('later', 99));
    expect(await page.evaluate(() => window.idbPage.tryToOpen('later', 10_000))).toBe('store_too_new');
    expect(await later.evaluate(() => window.idbPage.heldValues('log'))).toEqual(['old']);
    await Promise.all([later.close(), page.close()]);
  });

  test('what is destroyed is gone, also for a tab that does not let go; by its name too, when it cannot be opened', async () => {
    const [other, page] = [await openPage(), await openPage()];
    await page.evaluate(() => window.idbPage.put('destroyed', 'a', 'durable'));
    await other.evaluate(() => window.idbPage.hold('destroyed', 2));
    await page.evaluate(() => window.idbPage.destroy('destroyed', 300));
    expect(await other.evaluate(() => window.idbPage.heldValues('meta'))).toEqual([]);
    await other.evaluate(() => window.idbPage.closeHeld());
    expect(await page.evaluate(() => window.idbPage.tryToOpen('destroyed', 10_000))).toBeUndefined();

    await other.evaluate(() => window.idbPage.hold('broken', 99));
    await other.evaluate(() => window.idbPage.closeHeld());
    await page.evaluate(() => window.idbPage.destroyByName('broken'));
    expect(await page.evaluate(() => window.idbPage.tryToOpen('broken', 10_000))).toBeUndefined();
    await Promise.all([other.close(), page.close()]);
  });

  test('two tabs have the same store open', async () => {
    const [one, other] = [await openPage(), await openPage()];
    await one.evaluate(() => window.idbPage.put('tabs', 'a', 'write'));
    expect(await other.evaluate(() => window.idbPage.get('tabs', 'a'))).toBe('a');
    await Promise.all([one.close(), other.close()]);
  });
});
