import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumIsMissing, openPrivateWindow } from '../support/chromium.ts';
import { look } from '../sign-in/pages.ts';
import { type AgentPhone, agentPhone, at } from './agent-phone.ts';

/** A first visit: no service worker has the app's files yet. */
describe.skipIf(chromiumIsMissing())('a part of the app that does not come', () => {
  let agent: AgentPhone;
  let page: Page;

  beforeAll(async () => {
    agent = await agentPhone({ serviceWorkers: 'block' });
    await agent.phone.route(file('delivery-sheet'), (route) => route.abort());
    await agent.phone.route(file('settings-sheet'), (route) => route.fulfill({ status: 404 }));
    await agent.phone.route(file('hi'), (route) => route.abort());
    page = await agent.openApp();
  }, 300_000);
  afterAll(() => agent.close());

  const open = async () => {
    await page.locator('[data-testid=delivery-row][data-state=todo]').first().click();
    await page.locator('dialog', { hasText: 'Opening…' }).waitFor();
  };

  test('says so where it was asked for, and comes by itself once it can', async () => {
    await open();
    await look(page, 'agent-opening');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await open();
    await agent.phone.unroute(file('delivery-sheet'));
    await at(page, 'confirm').waitFor();
    expect(await page.locator('dialog').count()).toBe(1);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
  });

  test('is waited for while the line carries nothing, whatever the phone says', async () => {
    const nothing = '**/*';
    const phone = await openPrivateWindow({ mobile: true, context: { serviceWorkers: 'block' } });
    await phone.route(file('delivery-sheet'), (route) => route.abort());
    const other = await phone.newPage();
    await other.goto(`${agent.server.url}/agent/`);
    await other.locator('[data-testid=agent-option][data-sub=a02]').click();
    await other.locator('[data-testid=delivery-row]').first().waitFor();
    await phone.route(nothing, (route) => route.abort());
    await other.locator('[data-testid=delivery-row]').first().click();
    await other.locator('dialog', { hasText: 'Opening…' }).waitFor();
    // Longer than four tries take.
    await other.waitForTimeout(9_000);
    expect(await at(other, 'part-problem').count()).toBe(0);
    await phone.unrouteAll();
    await at(other, 'confirm').waitFor();
    await phone.close();
  });

  test('is there as soon as the list is; the app says as long as it is not on the phone', async () => {
    const phone = await openPrivateWindow({ mobile: true, context: { serviceWorkers: 'block' } });
    const other = await phone.newPage();
    await other.goto(`${agent.server.url}/agent/`);
    await other.locator('[data-testid=agent-option][data-sub=a03]').click();
    await other.locator('[data-testid=delivery-row]').first().waitFor();
    // What was asked for until now comes.
    await other.waitForTimeout(500);
    await phone.setOffline(true);
    await other.locator('[data-testid=delivery-row]').first().click();
    await at(other, 'confirm').waitFor({ timeout: 5_000 });
    await other.keyboard.press('Escape');
    // Without a service worker it never is.
    expect(await at(other, 'not-kept').innerText()).toContain('Stay where there is a network');
    await look(other, 'agent-not-kept');
    await phone.close();
  });

  test('is given up when the server has it no more; a reload is offered only where it does not lose the app', async () => {
    await at(page, 'account').click();
    await at(page, 'settings').click();
    const problem = page.locator('dialog [data-testid=part-problem]');
    await problem.waitFor();
    await look(page, 'agent-part-problem');
    expect(await problem.getByRole('button', { name: 'Reload' }).count()).toBe(1);
    await agent.phone.setOffline(true);
    await problem.getByText('No network').waitFor();
    expect(await problem.getByRole('button').count()).toBe(0);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await agent.phone.setOffline(false);
  });

  test('is a language, too: it says that it could not be loaded; those that came before need no network', async () => {
    await at(page, 'account').click();
    await at(page, 'language').selectOption('hi');
    await page.getByText('This language could not be loaded.').waitFor();
    await look(page, 'agent-language-problem');
    expect(await page.evaluate(() => localStorage.getItem('ekbaar.agent.language'))).toBeNull();
    await agent.phone.setOffline(true);
    await at(page, 'language').selectOption('mr');
    await page.locator('html[lang=mr]').waitFor();
    await at(page, 'language').selectOption('en');
    await page.locator('html[lang=en]').waitFor();
    await page.keyboard.press('Escape');
    await agent.phone.setOffline(false);
  });

  test('takes nothing else of the app away, whatever it is', async () => {
    await page.evaluate(() => {
      const { formatRange, resolvedOptions } = Intl.DateTimeFormat.prototype;
      // Times can be shown no more, as in a bar that meets a time it cannot read.
      Object.defineProperty(Intl.DateTimeFormat.prototype, 'format', {
        get(this: Intl.DateTimeFormat) {
          if (resolvedOptions.call(this).hour !== undefined) throw new RangeError('no time');
          return (at: number) => formatRange.call(this, at, at);
        },
      });
    });
    await agent.phone.setOffline(true);
    await at(page, 'part-problem').waitFor();
    await look(page, 'agent-bar-problem');
    await at(page, 'tab-history').click();
    await page.locator('h1', { hasText: 'History' }).waitFor();
    await at(page, 'tab-today').click();
    expect(await at(page, 'delivery-row').count()).toBeGreaterThan(0);
    await agent.phone.setOffline(false);
  });
});

describe.skipIf(chromiumIsMissing())('a first visit', () => {
  test('ends with the app on the phone, and says so', async () => {
    const agent = await agentPhone();
    const page = await agent.openApp();
    await at(page, 'not-kept').waitFor({ state: 'detached' });
    await agent.phone.setOffline(true);
    await page.reload();
    await at(page, 'delivery-row').first().waitFor();
    expect(await at(page, 'not-kept').count()).toBe(0);
    await agent.close();
  }, 300_000);
});

/** A part's script as the build names it. */
const file = (name: string) => `**/assets/${name}-*.js`;
