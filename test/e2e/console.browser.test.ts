import type { BrowserContext, Page } from 'playwright-core';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { screenFaults } from '../console/screen-faults.ts';
import { buildWebApps } from '../support/build-web-apps.ts';
import { chromiumIsMissing, openPrivateWindow } from '../support/chromium.ts';
import { type FieldOpsProcess, secret, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { httpClient, type HttpClient } from '../support/http-client.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { pin } from '../sign-in/people.ts';

/** As a customer might be entered by somebody who means harm: text, and nothing but text. */
const hostile = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>';

describe.skipIf(chromiumIsMissing())('the console', () => {
  let database: FreshDatabase;
  let server: FieldOpsProcess;
  let http: HttpClient;
  let browser: BrowserContext;
  let page: Page;
  const tokens = { ops: '', agent: '' };
  const problems: string[] = [];
  const own = new Map<string, { id: string; amountPaise: number }>();

  beforeAll(async () => {
    await buildWebApps();
    database = await freshDatabase();
    server = await startFieldOpsProcess(await freePort(), {
      DATABASE_URL: database.url,
      EKBAAR_SEED_AGENTS: '4',
      EKBAAR_SEED_DELIVERIES: '90',
    });
    http = httpClient(server.url);
    tokens.ops = await bearerTokens(secret)('ops', 'ops');
    tokens.agent = await bearerTokens(secret)('a01', 'agent');
    const { rows } = (await http.get('/api/v1/deliveries?agent=a01&limit=50', tokens.ops)).body as {
      rows: { id: string; amountPaise: number }[];
    };
    for (const row of rows) own.set(row.id, row);
    browser = await openPrivateWindow({ context: { viewport: { width: 1440, height: 900 } } });
    browser.setDefaultTimeout(30_000);
    page = await browser.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(`${server.url}/console/`);
    await page.locator('[data-testid=ops-option][data-tenant=pennco][data-sub=ops]').click();
    await page.locator('[data-testid=live][data-state=live]').waitFor();
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
    await database.drop();
  });

  const sqlOn = async (statement: string) => {
    const connection = postgres(database.url, { max: 1 });
    await connection.unsafe(statement);
    await connection.end();
  };
  const open = async (path: string, seen: string) => {
    await page.goto(`${server.url}/console${path}`);
    await page.locator(seen).first().waitFor();
  };
  const next = () => {
    const [found] = own.values();
    if (found === undefined) throw new Error('no delivery is left');
    own.delete(found.id);
    return found;
  };
  const confirm = ({ id, amountPaise }: { id: string; amountPaise: number }, location?: object) =>
    http.post(
      `/api/v1/deliveries/${id}/confirm`,
      tokens.agent,
      { amountPaise, confirmedAt: new Date().toISOString(), ...(location ? { location } : {}) },
      { 'idempotency-key': crypto.randomUUID() },
    );

  test('a name with HTML in it is text on every screen, and runs nothing', async () => {
    const { id } = next();
    await sqlOn(
      `update deliveries set customer_name = '${hostile.replaceAll("'", "''")}' where tenant = 'pennco' and id = '${id}'`,
    );
    const body = { deliveryId: id, reason: 'other', note: hostile };
    await http.post('/v1/mutations/failDelivery', tokens.agent, body, { 'idempotency-key': crypto.randomUUID() });
    const shown: boolean[] = [];
    for (const [path, seen] of [
      ['/', `[data-testid=console-row][data-id=${id}]`],
      [`/deliveries?q=${id}&columns=customer.reason`, `[data-testid=delivery][data-id=${id}]`],
      [`/deliveries/${id}`, '[data-testid=timeline] li'],
      ['/audit', '[data-testid=receipt]'],
    ] as const) {
      if (path === '/') {
        await open(path, '[data-testid=console-row]');
        await page.locator('main input[type=search]').fill(id);
      } else await open(path, seen);
      await page.locator(seen).first().waitFor();
      shown.push((await page.locator('main').innerText()).includes('<img src=x'));
    }
    // The audit shows what was sent when somebody opens it.
    expect(shown).toEqual([true, true, true, false]);
    expect(await page.evaluate(() => (globalThis as { harmed?: number }).harmed)).toBeUndefined();
    expect(await page.locator('main img[src=x]').count()).toBe(0);
  });

  test('the list filters, sorts, keeps a filter under a name, and finds it again from its address', async () => {
    await open('/deliveries', '[data-testid=delivery]');
    await page.locator('select[name=kind]').selectOption('disbursement');
    await expect.poll(() => page.url()).toContain('kind=disbursement');
    await page.locator('[role=columnheader] button', { hasText: 'Amount' }).click();
    await expect.poll(() => page.url()).toContain('sort=amountPaise');
    await page.locator('input[aria-label="Name for this filter"]').fill('Cash out');
    await page.locator('.saved-filters button[type=submit]').click();
    await page.locator('.chip').waitFor();
    await open('/deliveries', '[data-testid=delivery]');
    await page.locator('.chip button', { hasText: 'Cash out' }).click();
    await expect.poll(() => page.url()).toContain('kind=disbursement');
    await page.goBack();
    await expect.poll(() => page.url()).not.toContain('kind=disbursement');
  });

  test('a confirmation changes its row while somebody looks', async () => {
    const delivery = next();
    await open(`/deliveries?q=${delivery.id}`, `[data-id=${delivery.id}][data-status=pending]`);
    expect((await confirm(delivery, { lat: 24.8, lng: 85.1, accuracyM: 9 })).status).toBe(200);
    await page.locator(`[data-id=${delivery.id}][data-status=confirmed]`).waitFor();
    await open(`/deliveries/${delivery.id}`, '[data-testid=timeline] [data-tone=done]');
    const story = await page.locator('[data-testid=timeline]').innerText();
    expect(story).toContain('booked');
    expect(story).toContain('Confirmed');
  });

  test('many are assigned and cancelled at once, and each says what became of it', async () => {
    const [first, second, third] = [next(), next(), next()];
    await open('/deliveries?agent=a01&status=pending', `[data-id=${first.id}]`);
    for (const { id } of [first, second, third]) await page.locator(`[data-id=${id}] input`).check();
    // Meanwhile one of them is done.
    expect((await confirm(second)).status).toBe(200);
    await page.locator('input[aria-label="Why they are cancelled"]').fill('flood');
    await page.locator('[data-testid=bulk-cancel]').click();
    await page.getByRole('heading', { name: 'Cancel 3 deliveries?' }).waitFor();
    await page.locator('[data-testid=bulk-cancel-now]').click();
    await page.locator('[data-testid=bulk-result] li[data-state=waiting]').first().waitFor({ state: 'detached' });
    const states = await page
      .locator('[data-testid=bulk-result] li')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-state')));
    expect(states.map(String).toSorted()).toEqual(['done', 'done', 'refused']);
    const status = async (id: string) =>
      ((await http.get(`/v1/collections/deliveries/${id}`, tokens.ops)).body as { status: string }).status;
    expect([await status(first.id), await status(second.id), await status(third.id)]).toEqual([
      'cancelled',
      'confirmed',
      'cancelled',
    ]);
  });

  test('a lost phone is blocked with a reason', async () => {
    const phone = {
      id: 'phone-of-a01',
      name: 'Redmi 9A',
      clientId: 'client-of-a01',
      unsent: 3,
      model: 1,
      clockErrorMs: 400_000,
    };
    const signIn = await http.post('/auth/sign-in', null, { tenant: 'pennco', login: 'a01', secret: pin, phone });
    expect(signIn.status).toBe(200);
    await open('/agents', '[data-testid=agent][data-id=a01]');
    const line = await page.locator('[data-testid=agent][data-id=a01]').innerText();
    expect(line).toContain('had 3 unsent');
    expect(line).toContain('fast');
    await open('/agents/a01', '[data-testid=phone]');
    await page.locator('[data-testid=revoke]').click();
    await page.locator('input[aria-label="Why it is blocked"]').fill('lost in the bus');
    await page.locator('[data-testid=revoke-now]').click();
    await page.locator('[data-testid=phone][data-revoked=true]').waitFor();
    expect(await page.locator('[data-testid=phone]').innerText()).toContain('lost in the bus');
  });

  test('a dead letter is run again, another one closed with a reason, and a rejection shown', async () => {
    const letter = async () => {
      const { id, amountPaise } = next();
      const key = crypto.randomUUID();
      const at = new Date().toISOString();
      const args = { deliveryId: id, amountPaise: amountPaise + 1, confirmedAt: at };
      // Applied before a restore, and refused now.
      const mutation = { id: 1, key, name: 'confirmDelivery', model: 1, at, args, receipt: { status: 'applied' } };
      const ids = { request: crypto.randomUUID(), clientId: crypto.randomUUID() };
      const sent = await http.post('/v1/sync', tokens.agent, {
        protocol: 1,
        model: 1,
        sentAt: at,
        ...ids,
        mutations: [mutation],
      });
      expect(sent.text).toContain('"dead"');
      return { id, key, amountPaise };
    };
    const [mended, closed] = [await letter(), await letter()];
    await open('/letters', `[data-key="${mended.key}"]`);
    await sqlOn(
      `update deliveries set amount_paise = ${mended.amountPaise + 1} where tenant = 'pennco' and id = '${mended.id}'`,
    );
    await page.locator(`[data-key="${mended.key}"] [data-testid=retry]`).click();
    await page.locator(`[data-key="${mended.key}"]`).waitFor({ state: 'detached' });
    await page.locator(`[data-key="${closed.key}"] [data-testid=close-letter]`).click();
    await page.locator('input[aria-label="Why it is closed"]').fill('paid by hand');
    await page.locator('[data-testid=close-now]').click();
    await page.locator(`[data-key="${closed.key}"]`).waitFor({ state: 'detached' });
    await open('/audit?show=hand', 'table.plain tbody tr');
    expect(await page.locator('table.plain').innerText()).toContain('paid by hand');
    await open('/letters?show=rejections', '[data-testid=rejections] li');
  });

  test('the heat map finds the peaks by itself, and says that its weeks are made up', async () => {
    await open('/heat', '[data-testid=heat-table]');
    expect(await page.locator('[data-testid=peaks]').innerText()).toMatch(
      /^10:00 to 14:00 and 16:00 to 19:00 stand out/,
    );
    expect(await page.locator('[data-testid=demo-data]').count()).toBe(1);
    const loudest = await page.locator('[data-level="9"]').count();
    expect(loudest).toBeGreaterThan(0);
  });

  test('keys lead from screen to screen, and back leads back', async () => {
    await open('/', '[data-testid=console-row]');
    for (const key of ['g', 'h']) await page.keyboard.press(key);
    await page.locator('[data-testid=heat-table]').waitFor();
    for (const key of ['g', 'd']) await page.keyboard.press(key);
    await page.locator('[data-testid=delivery]').first().waitFor();
    await page.goBack();
    await page.locator('[data-testid=heat-table]').waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/heat');
  });

  test('the screens are accessible in light on an office screen, and in the dark on a phone', async () => {
    const screens = [
      ['/', '[data-testid=console-row]'],
      ['/deliveries', '[data-testid=delivery]'],
      ['/deliveries/d0001', 'h2#facts'],
      ['/agents', '[data-testid=agent]'],
      ['/agents/a01', '[data-testid=phone]'],
      ['/map', '.plot svg'],
      ['/letters?show=rejections', '[data-testid=rejections]'],
      ['/audit', '[data-testid=receipt]'],
      ['/heat', '[data-testid=heat-table]'],
      ['/health', '[data-testid=gauges]'],
      ['/api', '#rates'],
    ] as const;
    expect(await screenFaults(page, open, screens)).toEqual([]);
  }, 400_000);

  test('nothing went wrong on the way', () => {
    // What was refused on purpose, and that nobody was signed in at first, is told to the browser's console too.
    expect(problems.filter((problem) => !/status of (401|409|422)/.test(problem))).toEqual([]);
  });
});
