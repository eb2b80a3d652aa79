import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Chromium, chromiumIsMissing, launchChromium } from '../../../test/support/chromium.ts';
import type { Inspection, UnsentFile } from '../support/index.ts';
import { FakeServer } from '../testing/fake-server.ts';
import type { InspectorPage } from '../testing/inspector-page.ts';
import { type ServedPage, servePage } from '../testing/serve-page.ts';
import { seed } from '../testing/world.ts';

/** Far more than anything takes, so that a slow machine fails nothing. */
const poll = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 30_000 });

declare global {
  interface Window {
    /** Put there by inspector-page.ts. */
    readonly inspectorPage: InspectorPage;
  }
}

describe.skipIf(chromiumIsMissing())('the inspector in a real Chromium', () => {
  const server = new FakeServer(['agent:a1']);
  let served: ServedPage;
  let chromium: Chromium;

  beforeAll(async () => {
    server.now = () => Date.now();
    seed(server);
    served = await servePage(fileURLToPath(new URL('../testing/inspector-page.ts', import.meta.url)), server.fetch);
    chromium = await launchChromium();
  });

  afterAll(async () => {
    await chromium?.close();
    served?.close();
  });

  afterEach(() => chromium.context.setOffline(false));

  async function open(query = '') {
    const page = await chromium.context.newPage();
    await page.goto(served.url + query);
    await page.waitForFunction(() => 'inspectorPage' in window);
    const panel = page.getByTestId('ekbaar-inspector');
    const part = (name: string) => panel.locator('details').filter({ has: page.getByRole('heading', { name }) });
    return { page, panel, part };
  }

  test('shows by itself what changes: a queue, a refusal done again, an error', async () => {
    const { page, panel, part } = await open();
    const rows = (name: string) => part(name).locator('tbody tr');
    await poll(() => panel.locator('header .chip').textContent()).toBe('Online');
    await page.evaluate(() => window.inspectorPage.confirm('d1'));
    await page.evaluate(() => window.inspectorPage.confirm('d1'));
    await poll(() => rows('Outcomes').allTextContents()).toHaveLength(2);
    expect(await rows('Outcomes').first().textContent()).toContain('already_confirmed');
    await page.evaluate(() => window.inspectorPage.retryAll());
    await poll(() => rows('Outcomes').allTextContents()).toHaveLength(3);
    expect(await rows('Outcomes').nth(1).textContent()).toContain('done again as');

    await page.context().setOffline(true);
    const key = await page.evaluate(() => window.inspectorPage.note('<b>Asha Devi</b>'));
    await poll(() => rows('Queue').allTextContents()).toHaveLength(1);
    expect(await rows('Queue').first().textContent()).toContain(key);
    await panel.getByRole('button', { name: 'Sync now' }).click();
    await poll(() => panel.getByRole('status').textContent()).toContain('no network');
    await poll(() => rows('Errors').first().textContent()).toContain('offline');
    expect(await panel.textContent()).not.toContain('Asha Devi');
    await page.context().setOffline(false);
    await poll(() => rows('Queue').count()).toBe(0);
    await poll(() => page.evaluate(() => window.inspectorPage.pending())).toBe(0);
    await page.close();
  });

  test('its JSON can be copied, and what is not sent saved as a file', async () => {
    const { page, panel } = await open();
    await poll(() => panel.locator('header .chip').textContent()).toBe('Online');
    await page.context().setOffline(true);
    const key = await page.evaluate(() => window.inspectorPage.note('Asha Devi'));
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await panel.getByRole('button', { name: 'Copy as JSON' }).click();
    await poll(() => panel.getByRole('status').textContent()).toBe('Copied.');
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as Inspection;
    expect(copied.queue.first).toMatchObject([{ key, name: 'note', state: 'saved' }]);
    expect(copied.storage?.quota).toBeGreaterThan(0);

    const download = page.waitForEvent('download');
    await panel.getByRole('button', { name: 'Export what is not sent' }).click();
    const saved = await download;
    expect(saved.suggestedFilename()).toMatch(/^unsent-a1-[\w-]+\.json$/);
    const file = JSON.parse(await readFile(await saved.path(), 'utf8')) as UnsentFile;
    expect(file.entries.at(-1)).toMatchObject({ key, args: { text: 'Asha Devi' }, pending: true });

    // Where the clipboard is not to be had, the text is there to be copied by hand.
    await page.context().clearPermissions();
    await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    await panel.getByRole('button', { name: 'Copy as JSON' }).click();
    await poll(() => panel.getByRole('textbox').inputValue()).toContain(key);
    await page.context().setOffline(false);
    await poll(() => page.evaluate(() => window.inspectorPage.pending())).toBe(0);
    await page.close();
  });

  test.each([
    [320, 'light'],
    [360, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
  ])('fits %i px in %s: nothing sticks out, every button can be hit, every text can be read', async (width, theme) => {
    const { page, panel } = await open(`?theme=${theme}`);
    await page.setViewportSize({ width, height: 800 });
    await page.evaluate(() => window.inspectorPage.note('x'));
    await poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    for (const box of await panel.locator('button, summary').all()) {
      expect((await box.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    }
    const weak = await panel.evaluate(weakContrasts);
    expect(weak).toEqual([]);
    await page.close();
  });

  test('is reached by keyboard alone, and is gone when it is taken away', async () => {
    const { page, panel } = await open();
    const focused = () => page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.textContent);
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Sync now');
    for (let at = 0; at < 3; at += 1) await page.keyboard.press('Tab');
    expect(await focused()).toContain('Queue');
    const queue = panel.locator('details').first();
    await page.keyboard.press('Enter');
    expect(await queue.getAttribute('open')).toBeNull();
    await page.evaluate(() => window.inspectorPage.unmount());
    await poll(() => panel.count()).toBe(0);
    // Nothing of it wakes up any more, and nothing throws.
    const errors: Error[] = [];
    page.on('pageerror', (error) => errors.push(error));
    await page.evaluate(() => window.inspectorPage.note('after'));
    await page.waitForTimeout(2_500);
    expect(errors).toEqual([]);
    await page.close();
  });
});

/** Runs in the page: texts of the panel whose contrast to what is behind them is below 7:1. */
function weakContrasts(host: Element): string[] {
  const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: string) => {
    const [r = 0, g = 0, b = 0] = channels(colour).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element: Element): string => {
    const { backgroundColor } = getComputedStyle(element);
    const clear = channels(backgroundColor)[3] === 0;
    return clear && element.parentElement ? groundOf(element.parentElement) : backgroundColor;
  };
  const texts = [...(host.shadowRoot?.querySelectorAll('*') ?? [])].filter((element) =>
    [...element.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent?.trim()),
  );
  if (texts.length < 40) return ['the panel is empty'];
  return texts.flatMap((element) => {
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(groundOf(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return contrast < 7 ? [`${element.textContent}: ${contrast.toFixed(1)}`] : [];
  });
}
