import type { Page } from 'playwright-core';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { indiaDay } from '../../examples/field-ops/src/india-day.ts';
import { formatRupees } from '../../examples/field-ops/web/shared/rupees.ts';
import { chromiumIsMissing, openPrivateWindow } from '../support/chromium.ts';
import { look } from '../sign-in/pages.ts';
import { password } from '../sign-in/people.ts';
import { type Office, openOffice } from './office.ts';

describe.skipIf(chromiumIsMissing())('the screens of the console', () => {
  let office: Office;
  let page: Page;

  beforeAll(async () => {
    office = await openOffice();
    ({ page } = office);
  }, 240_000);
  afterAll(() => office.close());

  /** As a link does: without the app being loaded again. */
  const follow = async (path: string) => {
    await page.evaluate((to) => {
      history.pushState(null, '', to);
      dispatchEvent(new PopStateEvent('popstate'));
    }, `/console${path}`);
  };

  test('an address that makes no sense leaves the console standing', async () => {
    await office.open('/day-close?date=abc', '[data-testid=agent-close]');
    await follow('/deliveries/%E0%A4%A');
    await page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
    expect(await page.locator('[data-testid=nav-d]').count()).toBe(1);
  });

  test('a screen that cannot be shown says so, and another one can', async () => {
    const { id } = office.deliveries[0] ?? { id: '' };
    const path = `**/api/v1/records/deliveries/${id}`;
    await page.route(path, async (route) => {
      const answer = await route.fetch();
      const history = (await answer.json()) as { delivery: object };
      await route.fulfill({ json: { ...history, delivery: { ...history.delivery, confirmedAt: 'no moment' } } });
    });
    await office.open(`/deliveries/${id}`, 'text=This screen could not be shown');
    await page.unroute(path);
    await page.getByRole('link', { name: 'Back to Deliveries' }).click();
    await expect.poll(() => page.locator('[data-testid=delivery]').count()).toBeGreaterThan(0);
  });

  test('what another program wrote is shown in its own words, and nothing is offered to be done to it', async () => {
    const { id } = office.deliveries[1] ?? { id: '' };
    const row = `[data-testid=delivery][data-id=${id}]`;
    const connection = postgres(office.database.url, { max: 1 });
    await connection`update deliveries set kind = 'refund', status = 'returned' where tenant = 'pennco' and id = ${id}`;
    await connection.end();
    await office.open('/deliveries?status=returned', row);
    expect(await page.locator(row).innerText()).toMatch(/returned[^]*refund/);
    expect(await page.locator('[data-testid=found]').innerText()).toContain('returned 1 · ');
    expect(await page.locator(`${row} input`).count()).toBe(0);
    await page.locator(`${row} a`).first().click();
    await page.locator('.screen-top .status', { hasText: 'returned' }).waitFor();
    expect(await page.locator('[data-testid=change-delivery]').count()).toBe(0);
  });

  test('a choice ends with the filters that it was made in', async () => {
    const chosen = () => page.locator('[data-testid=bulk]').count();
    await office.open('/deliveries?status=pending', '[data-testid=delivery]');
    await page.locator('[data-testid=delivery] input').first().check();
    await page.locator('[role=columnheader] button', { hasText: 'Amount' }).click();
    expect(await chosen()).toBe(1);
    await page.locator('select[name=kind]').selectOption('collection');
    await expect.poll(chosen).toBe(0);
  });

  test('a sheet gives the focus back, however it is left', async () => {
    await office.open('/deliveries?status=pending', '[data-testid=delivery]');
    await page.locator('[data-testid=delivery] input').first().check();
    await page.locator('input[aria-label="Why they are cancelled"]').fill('flood');
    for (const leave of ['Leave it', 'Close']) {
      await page.locator('[data-testid=bulk-cancel]').click();
      await page.locator('dialog[open]').getByRole('button', { name: leave }).click();
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
      await expect
        .poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-testid')))
        .toBe('bulk-cancel');
    }
    await page.getByRole('button', { name: 'Clear choice' }).click();
  });

  test('no answer is not told as nothing', async () => {
    const down = '**/api/v1/records/**';
    await page.route(down, (route) => route.fulfill({ status: 500, json: { code: 'internal' } }));
    for (const path of ['/deliveries', '/agents', '/audit']) {
      await office.open(path, '.refused');
      expect([path, await page.locator('.nothing').count()]).toEqual([path, 0]);
      expect(await page.locator('#screen').innerText()).not.toMatch(/\b0 deliveries/);
      expect(await page.locator('.refused p').innerText()).toMatch(/^The server did not answer as it should \(500\)/);
    }
    await page.unroute(down);
  });

  test('another amount is told in rupees', async () => {
    const { id, agentId, amountPaise } = office.deliveries[2] ?? { id: '', agentId: '', amountPaise: 0 };
    const token = await office.tokenOf(agentId, 'agent');
    const body = { amountPaise: 100, confirmedAt: new Date().toISOString() };
    await office.http.post(`/api/v1/deliveries/${id}/confirm`, token, body, { 'idempotency-key': crypto.randomUUID() });
    await office.open('/letters?show=rejections', '[data-testid=rejection]');
    const words = `${formatRupees(amountPaise)} is due, ₹1.00 was entered`;
    expect(await page.locator('[data-testid=rejection]').first().innerText()).toContain(words);
  });

  test('who settles is offered no change of deliveries, and told which screens are not theirs', async () => {
    const browser = await openPrivateWindow({ context: { viewport: { width: 1366, height: 768 } } });
    const clerk = await browser.newPage();
    await clerk.goto(`${office.server.url}/console/deliveries`);
    await clerk.locator('input[name=login]').fill('settlement@pennco.example');
    await clerk.locator('input[name=secret]').fill(password);
    await clerk.locator('[data-testid=sign-in] button[type=submit]').click();
    const row = clerk.locator('[data-testid=delivery][data-status=pending]').first();
    await row.waitFor();
    expect(await clerk.locator('.grid input').count()).toBe(0);
    await row.locator('a').first().click();
    await clerk.locator('#facts').waitFor();
    expect(await clerk.locator('[data-testid=change-delivery]').count()).toBe(0);
    await clerk.goto(`${office.server.url}/console/accounts/a01`);
    await clerk.getByRole('heading', { name: 'Not open to you: Accounts' }).waitFor();
    await browser.close();
  });

  test('an amount that cannot be read says so, and stays to be mended', async () => {
    await office.open('/deliveries?amountFrom=50000', '[data-testid=delivery]');
    const amount = page.locator('input[name=amountFrom]');
    await amount.fill('abc');
    await page.getByText('“abc” is no amount in rupees; still ₹500.00.').waitFor();
    expect(await amount.inputValue()).toBe('abc');
    await amount.fill('1,500');
    await expect.poll(() => page.url()).toContain('amountFrom=150000');
    expect(await page.locator('.unread').count()).toBe(0);
  });

  test('a mark of the map is chosen with the space bar', async () => {
    await office.open('/map', '.plot-mark[data-kind=agent]');
    await page.locator('.plot-mark[data-kind=agent]').first().focus();
    await page.keyboard.press('Space');
    await expect.poll(() => page.url()).toContain('agent=a');
  });

  test('an office screen of 1280 px shows each usual column, also of a day that was closed with differences', async () => {
    const [one, late] = office.deliveries.slice(3).filter(({ agentId }) => agentId === 'a02');
    if (one === undefined || late === undefined) throw new Error('a02 has nothing to do');
    await office.confirm(one);
    const date = indiaDay(Date.now());
    const counted = { collectedPaise: 12_34_567_50, disbursedPaise: 98_76_543_25, count: 7 };
    const key = { 'idempotency-key': crypto.randomUUID() };
    await office.http.post('/v1/mutations/closeDay', await office.tokenOf('a02', 'agent'), { date, ...counted }, key);
    await office.confirm(late);
    // Windows draws a scroll bar of 15 px.
    await page.setViewportSize({ width: 1280 - 15, height: 800 });
    for (const [path, seen] of [
      ['/', '[data-testid=console-row]'],
      ['/deliveries', '[data-testid=delivery]'],
      ['/day-close', '[data-testid=agent-close] .under'],
    ] as const) {
      await office.open(path, seen);
      await look(page, `console-1280${path.replace('/', '-')}`);
      const wide = await page
        .locator('.table, .scroll')
        .evaluateAll((boxes) => boxes.filter((box) => box.scrollWidth > box.clientWidth).length);
      expect([path, wide]).toEqual([path, 0]);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('an office screen of 1366 px shows each total in a line of its own', async () => {
    await page.setViewportSize({ width: 1366, height: 768 });
    await office.open('/', '[data-testid=total]');
    const lines = await page.locator('[data-testid=total]').evaluateAll((totals) =>
      totals.map((total) => {
        const [count, share] = [total.querySelector('.total-count'), total.querySelector('small')];
        const amount = total.querySelector('.total-amount');
        if (!count?.firstChild || !share || !amount) return false;
        [count.firstChild.nodeValue, share.textContent, amount.textContent] = ['4,726', '99 %', '₹7,95,01,070'];
        return count.getBoundingClientRect().height < 40;
      }),
    );
    expect(lines).toEqual([true, true, true, true]);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('on a phone the navigation closes with Escape and by a tap beside it, and the focus goes where one goes on', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await office.open('/agents', '#screen h1');
    const menu = page.getByRole('button', { name: 'Navigation' });
    const isOpen = () => page.locator('[data-testid=nav-d]').isVisible();
    const focused = () => page.evaluate(() => document.activeElement?.className || document.activeElement?.id);
    await menu.click();
    await expect.poll(isOpen).toBe(true);
    await look(page, 'console-navigation');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Escape');
    await expect.poll(isOpen).toBe(false);
    expect(await focused()).toBe('menu');
    await menu.click();
    // On the search field, which is not meant.
    await page.mouse.click(370, 150);
    await expect.poll(isOpen).toBe(false);
    expect(await focused()).toBe('menu');
    await menu.click();
    await page.locator('[data-testid=nav-d]').click();
    await page.locator('[data-testid=delivery]').first().waitFor();
    expect([await isOpen(), await focused()]).toEqual([false, 'screen']);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('says at once that the network is gone, and is live again when it is back', async () => {
    const line = (state: string) => page.locator(`[data-testid=live][data-state=${state}]`);
    await office.open('/', '[data-testid=console-row]');
    await line('live').waitFor();
    await page.context().setOffline(true);
    await line('away').waitFor({ timeout: 3_000 });
    expect(await line('away').innerText()).toContain('Server not reached');
    // A screen that was not open before says so, too, and fills itself later.
    await follow('/audit');
    await page.getByText('The server could not be reached.').waitFor();
    // Beside the longest words, one still sees whose console it is.
    await page.setViewportSize({ width: 360, height: 740 });
    await look(page, 'console-away');
    expect((await page.locator('.top .whose').boundingBox())?.width).toBeGreaterThan(56);
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.context().setOffline(false);
    await line('live').waitFor({ timeout: 10_000 });
    await page.locator('[data-testid=receipt]').first().waitFor();
  });
});
