import { sql } from 'drizzle-orm';
import { openDatabase, type Database } from '@ekbaar/server';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildWebApps } from '../support/build-web-apps.ts';
import { chromiumIsMissing, openPrivateWindow } from '../support/chromium.ts';
import { type FieldOpsProcess, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { httpClient } from '../support/http-client.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { look, watchedPage } from './pages.ts';
import { password, people } from './people.ts';

describe.skipIf(chromiumIsMissing())('the console: signing in, and staying signed in', () => {
  let database: FreshDatabase;
  let opened: Database;
  let server: FieldOpsProcess;
  let browser: BrowserContext;

  beforeAll(async () => {
    await buildWebApps();
    database = await freshDatabase();
    server = await startFieldOpsProcess(await freePort(), {
      DATABASE_URL: database.url,
      EKBAAR_SEED_AGENTS: '3',
      EKBAAR_SEED_DELIVERIES: '60',
    });
    opened = await openDatabase({ url: database.url });
  });
  afterAll(async () => {
    await server.stop();
    await opened.close();
    await database.drop();
  });
  beforeEach(async () => {
    browser = await openPrivateWindow({ context: { viewport: { width: 1440, height: 900 } } });
  });
  afterEach(() => browser.close());

  const openConsole = async () => {
    const { page, refused } = await watchedPage(browser);
    await page.goto(`${server.url}/console/`);
    await page.locator('[data-testid=sign-in]').waitFor();
    return { page, refused };
  };
  const signIn = async (page: Page, login: string, secret: string) => {
    await page.locator('input[name=login]').fill(login);
    await page.locator('input[name=secret]').fill(secret);
    await page.locator('[data-testid=sign-in] button[type=submit]').click();
  };
  const board = (page: Page) => page.getByText('60 of 60 deliveries').waitFor();

  test('an e-mail address and a password sign in; a reload stays signed in, in two tabs, and keeps no token in storage', async () => {
    const { page, refused } = await openConsole();
    await look(page, 'console-sign-in');
    await signIn(page, 'ops@pennco.example', 'not-the-password');
    await page.getByText('E-mail address or password is not right.').waitFor();
    await look(page, 'console-wrong');
    await signIn(page, 'ops@pennco.example', password);
    await board(page);
    const stored = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]));
    expect(stored).toBe('[{},{},""]');
    const second = await browser.newPage();
    await Promise.all([page.reload(), second.goto(`${server.url}/console/`)]);
    await board(page);
    await board(second);
    await second.locator('[data-testid=account]').click();
    await look(second, 'console-account');
    const out = second.locator('[data-testid=sign-out]');
    const colours = await out.evaluate((button) => [
      getComputedStyle(button).color,
      getComputedStyle(button).backgroundColor,
    ]);
    expect(colours[0]).not.toBe(colours[1]);
    expect(colours[0]).not.toBe('rgb(255, 255, 255)');
    await out.click();
    await second.locator('[data-testid=sign-in]').waitFor();
    // The other tab's token ended with the session.
    await page.reload();
    await page.locator('[data-testid=sign-in]').waitFor();
    expect(refused).toEqual([]);
  });

  test('a forgotten password: the code that was sent sets another one', async () => {
    const { page } = await openConsole();
    await page.getByRole('button', { name: 'Forgotten password' }).click();
    await page.locator('input[name=login]').fill('ops@vishi.example');
    await page.locator('select[name=tenant]').selectOption('vishi');
    await page.getByRole('button', { name: 'Send the code' }).click();
    await page.locator('input[name=code]').waitFor();
    await look(page, 'console-reset');
    const sent = () =>
      opened.db
        .execute(sql`select data->>'code' as code from pgboss.job where name = 'email'`)
        .then((rows) => [...(rows as unknown as { code: string }[])]);
    await expect.poll(sent).toHaveLength(1);
    await page.locator('input[name=code]').fill((await sent())[0]?.code ?? '');
    await page.locator('input[name=secret]').fill('monsoon-ledger-77');
    await page.locator('[data-testid=reset] button[type=submit]').click();
    await board(page);
  });

  test('who is shut out is signed out at once, and told', async () => {
    const { page } = await openConsole();
    await page.locator('[data-testid=ops-option][data-tenant=salesco][data-sub=ops-region]').click();
    await page.getByText(/of \d+ deliveries/).waitFor();
    const http = httpClient(server.url);
    const { token } = await people(http).ops('ops@salesco.example', 'salesco');
    await http.post('/auth/accounts/ops-region/change', token, { active: false });
    await page.evaluate(() => globalThis.dispatchEvent(new Event('online')));
    await page.getByText('You are signed out.').waitFor({ timeout: 60_000 });
    expect(await page.getByText(/of \d+ deliveries/).count()).toBe(0);
  });
});
