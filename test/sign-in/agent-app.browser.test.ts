import type { BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildWebApps } from '../support/build-web-apps.ts';
import { chromiumIsMissing, openPrivateWindow } from '../support/chromium.ts';
import { type FieldOpsProcess, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { httpClient, type HttpClient } from '../support/http-client.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { look, onThePhone, saveOne, signInAsAgent, unlock, unsent, watchedPage } from './pages.ts';
import { people, pin } from './people.ts';

describe.skipIf(chromiumIsMissing())('the agent app: signing in, and opening what is on the phone', () => {
  let database: FreshDatabase;
  let server: FieldOpsProcess;
  let http: HttpClient;
  let phone: BrowserContext;

  beforeAll(async () => {
    await buildWebApps();
    database = await freshDatabase();
    server = await startFieldOpsProcess(await freePort(), {
      DATABASE_URL: database.url,
      EKBAAR_SEED_AGENTS: '8',
      EKBAAR_SEED_DELIVERIES: '80',
    });
    http = httpClient(server.url);
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });
  beforeEach(async () => {
    phone = await openPrivateWindow({ mobile: true });
  });
  afterEach(() => phone.close());

  const openApp = async () => {
    const { page, refused } = await watchedPage(phone);
    await page.goto(`${server.url}/agent/`);
    return { page, refused };
  };
  const rows = '[data-testid=delivery-row]';

  test('after the first sign-in the PIN opens it without a network, and a wrong one does not', async () => {
    const { page, refused } = await openApp();
    await page.locator('[data-testid=login]').waitFor();
    await look(page, 'agent-sign-in');
    await signInAsAgent(page, 'a01', '111112');
    await page.getByText('Agent code or PIN is not right.').waitFor();
    await look(page, 'agent-sign-in-wrong');
    await signInAsAgent(page, 'a01', pin);
    await page.locator(rows).first().waitFor();
    await onThePhone(page);
    await unsent(page, 0);

    await phone.setOffline(true);
    await saveOne(page);
    await unsent(page, 1);
    await page.reload();
    await page.locator('[data-testid=unlock]').waitFor();
    await look(page, 'agent-unlock');
    await unlock(page, '111112');
    await page.getByText('The PIN is not right.').waitFor();
    expect(await page.locator(rows).count()).toBe(0);
    await unlock(page, pin);
    await unsent(page, 1);
    await phone.setOffline(false);
    await unsent(page, 0);
    expect(refused).toEqual([]);
  });

  test('wrong PINs make whoever guesses wait, also after the app was closed', async () => {
    const { page } = await openApp();
    await signInAsAgent(page, 'a02', pin);
    await page.locator(rows).first().waitFor();
    await onThePhone(page);
    await page.reload();
    for (let wrong = 0; wrong < 5; wrong++) {
      await unlock(page, '111112');
      await page.getByRole('alert').waitFor();
      await page.locator('[data-testid=unlock-pin]').and(page.locator('[value=""]')).waitFor();
    }
    await page.getByText('Too many wrong tries.').waitFor();
    await page.reload();
    // Not even the right one, until the time is over.
    await unlock(page, pin);
    await page.getByText('Too many wrong tries.').waitFor();
    await look(page, 'agent-wait');
    expect(await page.locator(rows).count()).toBe(0);
  });

  test('nothing on the phone can be read without the PIN', async () => {
    const { page } = await openApp();
    await signInAsAgent(page, 'a03', pin);
    await page.locator(rows).first().waitFor();
    await onThePhone(page);
    const name = await page.evaluate(
      () => document.querySelector('[data-testid=delivery-row] strong')?.textContent ?? '',
    );
    expect(name.length).toBeGreaterThan(3);
    const everything = await page.evaluate(async () => {
      const read = <T>(request: IDBRequest<T>) =>
        new Promise<T>((resolve, reject) => {
          request.addEventListener('success', () => resolve(request.result));
          request.addEventListener('error', () => reject(new Error('unreadable')));
        });
      const found: unknown[] = [];
      for (const { name: database } of await indexedDB.databases()) {
        const db = await read(indexedDB.open(database ?? ''));
        for (const table of db.objectStoreNames)
          found.push(await read(db.transaction(table).objectStore(table).getAll()));
        db.close();
      }
      return JSON.stringify([found, localStorage]);
    });
    // It is there, and readable are only whose it is and what encrypts it.
    expect(everything).toContain('sealed');
    expect(everything).toContain('a03');
    for (const secret of [name, pin, 'customerName', 'refreshToken', 'pennco.'])
      expect([secret, everything.includes(secret)]).toEqual([secret, false]);
  });

  test('a PIN that the office reset: the new one opens what the old one had sealed, and it is sent', async () => {
    const { page } = await openApp();
    await signInAsAgent(page, 'a04', pin);
    await page.locator(rows).first().waitFor();
    await onThePhone(page);
    await unsent(page, 0);
    await phone.setOffline(true);
    await saveOne(page);
    await unsent(page, 1);
    const { token } = await people(http).ops();
    const issued = await http.post('/auth/accounts/a04/reset-code', token, { deliver: 'show' });
    const { code } = issued.body as { code: string };
    await phone.setOffline(false);
    await page.reload();

    await page.locator('[data-testid=forgot-pin]').click();
    await page.locator('[data-testid=reset-code]').fill(code.toLowerCase());
    await page.locator('[data-testid=new-pin]').fill('604713');
    await page.locator('[data-testid=new-pin-again]').fill('604713');
    await look(page, 'agent-reset');
    await page.locator('[data-testid=reset-submit]').click();
    await unsent(page, 0);
    await page.locator(`${rows}[data-state=confirmed]`).first().waitFor({ state: 'attached' });
    // From now on the new PIN, offline too; the old one is of no use.
    await onThePhone(page);
    await phone.setOffline(true);
    await page.reload();
    await unlock(page, pin);
    await page.getByText('The PIN is not right.').waitFor();
    await unlock(page, '604713');
    await page.locator(rows).first().waitFor();
    expect(await page.locator(`${rows}[data-state=confirmed]`).count()).toBe(1);
  });

  test('who signs in before the server has heard that somebody else signed out stays signed in', async () => {
    const { page } = await openApp();
    await signInAsAgent(page, 'a08', pin);
    await page.locator(rows).first().waitFor();
    const badLine = Promise.withResolvers<void>();
    await phone.route('**/auth/sign-out', async (route) => {
      await badLine.promise;
      await route.continue();
    });
    const heard = page.waitForResponse('**/auth/sign-out');
    await page.locator('[data-testid=account]').click();
    await page.locator('[data-testid=sign-out]').click();
    await signInAsAgent(page, 'a01', pin);
    await page.locator(rows).first().waitFor();
    badLine.resolve();
    await heard;
    await page.reload();
    await unlock(page, pin);
    await page.locator(rows).first().waitFor();
    expect(await page.locator('header.top').innerText()).toContain('Savitri Kumari');
  });

  test('changing the own PIN counts here and at the office', async () => {
    const { page } = await openApp();
    await signInAsAgent(page, 'a05', pin);
    await page.locator(rows).first().waitFor();
    await page.locator('[data-testid=account]').click();
    await look(page, 'agent-account');
    await page.locator('[data-testid=change-pin]').click();
    const fields = page.locator('dialog input[type=password]');
    for (const [at, value] of [pin, '604713', '604713'].entries()) await fields.nth(at).fill(value);
    await page.locator('dialog button[type=submit]').click();
    await page.getByText('The new PIN counts from now on.').waitFor();
    expect((await people(http).signIn('a05', '604713')).status).toBe(200);
    await page.reload();
    await unlock(page, '604713');
    await page.locator(rows).first().waitFor();
  });

  test('a phone that was blocked while it had no network says so, keeps what is not sent, and hands it over', async () => {
    const { page } = await openApp();
    await signInAsAgent(page, 'a06', pin);
    await page.locator(rows).first().waitFor();
    await unsent(page, 0);
    const { token } = await people(http).ops();
    const seen = async () => {
      const { body } = await http.get('/auth/phones?account=a06', token);
      return (body as { phones: { id: string; name: string }[] }).phones[0];
    };
    // At once: the first token is good for a quarter of an hour.
    await expect.poll(seen).toMatchObject({ model: 1, unsent: 0, clientIds: [expect.any(String)] });
    const lost = await seen();
    await onThePhone(page);
    await phone.setOffline(true);
    const id = await saveOne(page);
    await unsent(page, 1);

    expect(lost?.name).toBe('SM-G950U');
    expect((await http.post(`/auth/phones/${lost?.id}/revoke`, token, { why: 'left in a bus' })).body).toEqual({
      ended: 1,
    });
    // Without a network it cannot know: it goes on.
    await page.reload();
    await unlock(page, pin);
    await unsent(page, 1);

    await phone.setOffline(false);
    await page.locator('[data-testid=blocked]').waitFor();
    await page.getByText('1 entry is not sent.').waitFor();
    await look(page, 'agent-blocked');
    await page.locator('[data-testid=support]').click();
    const download = page.waitForEvent('download');
    await page
      .getByRole('button', { name: /unsent|export|file/i })
      .first()
      .click();
    const file = await (await download).createReadStream();
    let text = '';
    for await (const chunk of file) text += String(chunk);
    expect(JSON.parse(text)).toMatchObject({
      actor: 'a06',
      entries: [{ name: 'confirmDelivery', args: { deliveryId: id } }],
    });
    // Also after a restart, and its data opens with the PIN as before.
    await page.reload();
    await unlock(page, pin);
    await page.locator('[data-testid=blocked]').waitFor();
  });

  test('a busy server or none signs nobody out; a session that the server ended lets work go on', async () => {
    const { page } = await openApp();
    await signInAsAgent(page, 'a07', pin);
    await page.locator(rows).first().waitFor();
    await unsent(page, 0);
    await onThePhone(page);
    await server.kill();
    await page.reload();
    await unlock(page, pin);
    await page.locator(rows).first().waitFor();
    await saveOne(page);
    await unsent(page, 1);
    await server.start();
    // By itself it would try again after up to a minute.
    await page.evaluate(() => globalThis.dispatchEvent(new Event('online')));
    await unsent(page, 0);

    const { token } = await people(http).ops();
    await http.post('/auth/accounts/a07/reset-code', token, { deliver: 'show' }).then(async ({ body }) => {
      const { code } = body as { code: string };
      await http.post('/auth/reset', null, { tenant: 'pennco', login: 'a07', code, secret: '604713' });
    });
    await saveOne(page);
    await page.locator('[data-testid=sign-in-again]').waitFor();
    await look(page, 'agent-sign-in-again');
    await saveOne(page);
    await unsent(page, 2);
    await page.locator('[data-testid=sign-in-again] button').click();
    await unlock(page, '604713');
    await unsent(page, 0);
    expect(await page.locator(`${rows}[data-state=confirmed]`).count()).toBe(3);

    // Nor does it block anybody when the office ends all sessions.
    await http.post('/auth/accounts/a07/revoke', token, { why: 'a new phone' });
    await saveOne(page);
    await page.locator('[data-testid=sign-in-again]').waitFor();
    expect(await page.locator('[data-testid=blocked]').count()).toBe(0);
  });
});
