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

  test('meets the contract of every store', async () => {
    const page = await openPage();
    const results = await page.evaluate(() => window.idbPage.runContract());
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

  test('two tabs have the same store open', async () => {
    const [one, other] = [await openPage(), await openPage()];
    await one.evaluate(() => window.idbPage.put('tabs', 'a', 'write'));
    expect(await other.evaluate(() => window.idbPage.get('tabs', 'a'))).toBe('a');
    await Promise.all([one.close(), other.close()]);
  });
});
