import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumIsMissing } from '../support/chromium.ts';
import { look } from '../sign-in/pages.ts';
import { type AgentPhone, agentPhone, at } from './agent-phone.ts';

declare const axe: { run(options: RunOptions): Promise<AxeResults> };
const axeSource = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** A thumb in the sun. Text links in a line of text are none of these. */
const leastTarget = 48;

describe.skipIf(chromiumIsMissing())('for everybody', () => {
  let agent: AgentPhone;
  let page: Page;

  beforeAll(async () => {
    // The app's policy forbids scripts that are not its own, and axe is not.
    agent = await agentPhone({ bypassCSP: true, reducedMotion: 'reduce' });
    page = await agent.openApp();
  }, 300_000);
  afterAll(() => agent.close());

  /** What is wrong with the screen as it stands. */
  async function wrong(): Promise<string[]> {
    if (!(await page.evaluate(() => 'axe' in globalThis))) await page.addScriptTag({ path: axeSource });
    const violations = await page.evaluate(async () => {
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const { violations: found } = await axe.run({ runOnly: tags, resultTypes: ['violations'] });
      return found.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`,
      );
    });
    const sizes = await page.evaluate((least) => {
      const open = document.querySelector('dialog[open]') ?? document;
      const small = [
        ...open.querySelectorAll('button, select, a[href], input:not([type=radio], [type=checkbox]), summary'),
      ]
        .filter((element) => element.checkVisibility())
        .map((element) => ({ html: element.outerHTML.slice(0, 120), ...element.getBoundingClientRect().toJSON() }))
        .filter(({ width, height }) => height < least || width < least)
        .map(({ html, width, height }) => `small target, ${width} x ${height}: ${html}`);
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth > clientWidth ? [...small, `${scrollWidth} px wide`] : small;
    }, leastTarget);
    return [...violations, ...sizes];
  }
  /** What of the screen in front lies beyond its edges. */
  const cut = () =>
    page.evaluate(() => {
      const front = document.querySelector('dialog[open]') ?? document.body;
      return [...front.querySelectorAll('*')]
        .filter((element) => element.checkVisibility() && !element.closest('svg, .unseen'))
        .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth)
        .map((element) => element.outerHTML.slice(0, 120));
    });
  const set = async (choice: string) => {
    await at(page, 'account').click();
    await at(page, 'settings').click();
    await at(page, choice).click();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
  };
  const speak = async (language: string) => {
    await at(page, 'account').click();
    await at(page, 'language').selectOption(language);
    await page.locator(`html[lang=${language}]`).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
  };

  // A language changes what must fit, a theme what must be told apart: neither changes the other.
  const looks = [
    ['light', 'en'],
    ['light', 'hi'],
    ['light', 'mr'],
    ['dark', 'en'],
    ['sunlight', 'en'],
  ] as const;
  test.each(looks)('every screen and sheet in %s and %s', async (theme, language) => {
    await set(`theme-${theme}`);
    await speak(language);
    for (const tab of ['today', 'map', 'history', 'close']) {
      await at(page, `tab-${tab}`).click();
      await page.locator(`main h2, main .nothing, main details`).first().waitFor();
      expect(await wrong(), `${tab} in ${theme} and ${language}`).toEqual([]);
    }
    await at(page, 'tab-today').click();
    await page.locator('[data-testid=delivery-row][data-state=todo]').first().click();
    await at(page, 'confirm').waitFor();
    expect(await wrong(), 'the delivery').toEqual([]);
    await at(page, 'fail').click();
    expect(await wrong(), 'why not delivered').toEqual([]);
    await page.keyboard.press('Escape');
    await page.locator('[data-testid=delivery-row][data-state=todo]').first().click();
    await at(page, 'confirm').click();
    expect(await wrong(), 'counting').toEqual([]);
    await at(page, 'confirm-next').click();
    await page.locator('[data-testid=confirm-submit]:enabled').waitFor();
    expect(await wrong(), 'checking').toEqual([]);
    await at(page, 'confirm-submit').click();
    await at(page, 'receipt').waitFor();
    expect(await wrong(), 'the receipt').toEqual([]);
    await page.keyboard.press('Escape');
    await at(page, 'account').click();
    expect(await wrong(), 'the account').toEqual([]);
    await at(page, 'settings').click();
    await at(page, 'track').waitFor();
    expect(await wrong(), 'the settings').toEqual([]);
    await page.keyboard.press('Escape');
  });

  test('what needs attention, and the inspector', async () => {
    await set('theme-light');
    await speak('en');
    await at(page, 'tab-today').click();
    await page.locator('[data-testid=delivery-row][data-state=todo]').first().click();
    await at(page, 'confirm').click();
    await at(page, 'amount').fill('1');
    await at(page, 'confirm-next').click();
    await at(page, 'confirm-submit').click();
    await page.locator('[data-testid=receipt][data-standing=refused]').waitFor();
    expect(await wrong(), 'the refused receipt').toEqual([]);
    await page.keyboard.press('Escape');
    await at(page, 'refused').click();
    await at(page, 'attention-item').waitFor();
    expect(await wrong(), 'attention').toEqual([]);
    await at(page, 'account').click();
    await at(page, 'support').click();
    await at(page, 'ekbaar-inspector').waitFor();
    expect(await wrong(), 'the inspector').toEqual([]);
    await page.keyboard.press('Escape');
  });

  test('the largest text fits, too', async () => {
    await set('text-size-largest');
    for (const tab of ['today', 'map', 'history', 'close']) {
      await at(page, `tab-${tab}`).click();
      await page.locator(`main h2, main .nothing, main details`).first().waitFor();
      expect(await wrong(), `${tab} in the largest text`).toEqual([]);
    }
    await set('text-size-normal');
  });

  test('text of twice the size is nowhere cut, up to the button that confirms', async () => {
    await page.evaluate(() => void (document.documentElement.style.fontSize = '32px'));
    for (const tab of ['map', 'history', 'close', 'today']) {
      await at(page, `tab-${tab}`).click();
      await page.locator(`main h2, main .nothing, main details`).first().waitFor();
      if (tab === 'map') await at(page, 'stop').first().locator('button').click();
      await look(page, `twice-${tab}`);
      expect(await cut(), `${tab} at twice the size`).toEqual([]);
    }
    await at(page, 'filter-all').click();
    await page.locator('[data-testid=delivery-row][data-state=todo]').first().click();
    for (const step of ['confirm', 'confirm-next', 'confirm-submit']) {
      await page.locator(`[data-testid=${step}]:enabled`).waitFor();
      await look(page, `twice-${step}`);
      expect(await cut(), `before ${step} at twice the size`).toEqual([]);
      await at(page, step).click();
    }
    await at(page, 'receipt').waitFor();
    await look(page, 'twice-receipt');
    expect(await cut(), 'the receipt').toEqual([]);
    await page.keyboard.press('Escape');
    await page.evaluate(() => void (document.documentElement.style.fontSize = ''));
  });

  test('with a keyboard alone: a delivery is found, opened, confirmed, and the focus comes back', async () => {
    await at(page, 'tab-today').click();
    await page.locator('input[name=filter][value=todo]').focus();
    await page.keyboard.press('Space');
    const id = await page.locator('[data-testid=delivery-row]').first().getAttribute('data-id');
    // Past the search field, to the first delivery.
    for (let presses = 0; presses < 4; presses++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(() => document.activeElement?.getAttribute('data-id'))) === id) break;
    }
    await page.keyboard.press('Enter');
    await at(page, 'confirm').waitFor();
    const focused = () =>
      page.evaluate(() => document.activeElement?.getAttribute('data-testid') ?? document.activeElement?.id);
    expect(await focused()).toBe('sheet-title');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-id'))).toBe(id);
    await page.keyboard.press('Enter');
    await at(page, 'confirm').focus();
    await page.keyboard.press('Enter');
    // Each step is read out from its title.
    await at(page, 'amount').waitFor();
    expect(await focused()).toBe('sheet-title');
    await at(page, 'amount').focus();
    await page.keyboard.press('Enter');
    await page.locator('[data-testid=confirm-submit]:enabled').focus();
    await page.keyboard.press('Enter');
    await at(page, 'receipt').waitFor();
    // The last step takes the sheet away, and its row has gone to what is done: one goes on from the screen.
    await at(page, 'receipt-done').focus();
    await page.keyboard.press('Enter');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN');
    // One sheet after the other leads back to what opened the first.
    await at(page, 'account').focus();
    await page.keyboard.press('Enter');
    await at(page, 'settings').focus();
    await page.keyboard.press('Enter');
    await at(page, 'track').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await expect.poll(focused).toBe('account');
  });
});
