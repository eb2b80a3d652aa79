import jsqr from 'jsqr';
import type { Page } from 'playwright-core';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatRupees } from '../../examples/field-ops/web/shared/rupees.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { chromiumIsMissing } from '../support/chromium.ts';
import { secret } from '../support/field-ops-process.ts';
import { httpClient } from '../support/http-client.ts';
import { onThePhone } from '../sign-in/pages.ts';
import { type AgentPhone, agentPhone, at } from './agent-phone.ts';

describe.skipIf(chromiumIsMissing())('an agent’s day', () => {
  let agent: AgentPhone;
  let page: Page;
  let sql: postgres.Sql;
  /** What the offline part of the day did. */
  const collected = { id: '', receiptNo: '', scanned: '', paise: 0 };

  beforeAll(async () => {
    agent = await agentPhone();
    sql = postgres(agent.database.url, { max: 1, onnotice: () => {} });
    page = await agent.openApp();
    await onThePhone(page);
  }, 300_000);
  afterAll(async () => {
    await sql.end();
    await agent.close();
  });

  test('the list is in the order of the route, and the map and the list agree', async () => {
    const inList = async () => page.locator('h2.stop span:nth-child(2)').allInnerTexts();
    await expect.poll(() => page.locator('h2.stop .dim').allInnerTexts()).toContainEqual(expect.stringMatching(/km/));
    await at(page, 'tab-map').click();
    await at(page, 'map').waitFor();
    const onMap = await page.locator('[data-testid=stop] strong').allInnerTexts();
    await at(page, 'tab-today').click();
    expect(onMap).toEqual(await inList());
    expect(onMap.length).toBeGreaterThan(3);
  });

  test('a thumb that taps twice does what it meant, and nothing of what comes under it', async () => {
    const tapTwice = async (testId: string) => {
      const box = await at(page, testId).first().boundingBox();
      if (box === null) throw new Error(`${testId} is not there`);
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      await page.touchscreen.tap(x, y);
      await page.waitForTimeout(150);
      await page.touchscreen.tap(x, y);
    };
    const isAt = (testId: string) => expect.poll(() => at(page, testId).isVisible()).toBe(true);
    await tapTwice('delivery-row');
    await isAt('confirm');
    await page.waitForTimeout(600);
    await tapTwice('confirm');
    await isAt('amount');
    await page.waitForTimeout(600);
    await isAt('amount');
    await page.keyboard.press('Escape');
    // Where the button of the settings was, there is a choice now.
    await at(page, 'account').click();
    await at(page, 'settings').waitFor();
    await page.waitForTimeout(600);
    await tapTwice('settings');
    await at(page, 'track').waitFor();
    await page.waitForTimeout(600);
    const changed = await page.evaluate(() => localStorage.getItem('ekbaar.agent.settings'));
    expect(changed).toBeNull();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
  });

  test('offline: the route is planned, every screen opens, and nothing is asked of the network', async () => {
    await agent.phone.setOffline(true);
    await page.reload();
    await at(page, 'delivery-row').first().waitFor();
    for (const tab of ['map', 'history', 'close', 'today']) {
      await at(page, `tab-${tab}`).click();
      expect(await page.locator('main .problem').count()).toBe(0);
    }
    await at(page, 'tab-map').click();
    await expect.poll(() => page.locator('.map-stop').count()).toBeGreaterThan(1);
    await at(page, 'tab-today').click();
  });

  test('offline: cash is collected after a check, with the amount in words, and the customer gets a receipt at once', async () => {
    const row = page.locator('[data-testid=delivery-row][data-state=todo]', { hasText: 'Collect' }).first();
    collected.id = (await row.getAttribute('data-id')) ?? '';
    const [due] =
      await sql`select amount_paise::int as paise from deliveries where tenant = 'pennco' and id = ${collected.id}`;
    collected.paise = due?.['paise'] as number;
    await row.click();
    await at(page, 'confirm').click();
    await at(page, 'amount').fill('1,25,000.50');
    await expect
      .poll(() => at(page, 'words').innerText())
      .toContain('One Lakh Twenty Five Thousand Rupees And Fifty Paise Only');
    await page.locator('#amount-problem.problem').waitFor();
    await at(page, 'amount').fill(String(collected.paise / 100));
    // The thumb that taps twice has not confirmed anything.
    await at(page, 'confirm-next').click();
    expect(await at(page, 'confirm-submit').isDisabled()).toBe(true);
    await at(page, 'confirm-submit').click();
    await at(page, 'receipt').waitFor();
    expect(await at(page, 'receipt').getAttribute('data-standing')).toBe('waiting');
    // What ends it is within reach, though the receipt is longer than the screen.
    const done = await at(page, 'receipt-done').boundingBox();
    expect((done?.y ?? Infinity) + (done?.height ?? 0)).toBeLessThanOrEqual(740);
    collected.receiptNo = (await at(page, 'receipt').getAttribute('data-receipt-no')) ?? '';
    expect(collected.receiptNo).toMatch(/^[0-9A-Z]{5}-[0-9A-Z]{5}$/);
    collected.scanned = await scan(page);
    expect(collected.scanned).toContain(`PennCo receipt ${collected.receiptNo}`);
    await at(page, 'receipt-done').click();
  });

  test('offline: another one fails with a reason', async () => {
    await page.locator('[data-testid=delivery-row][data-state=todo]').first().click();
    await at(page, 'fail').click();
    await at(page, 'fail-submit').click();
    await page.getByText('Choose a reason.').waitFor();
    await page.getByLabel('Customer is not at home').check();
    await at(page, 'fail-submit').click();
    await page.locator('[data-testid=unsent-bar][data-count="2"]').waitFor();
    expect(await page.locator('[data-testid=delivery-row][data-state=saved]').count()).toBe(2);
  });

  test('a reload in the middle of counting loses nothing that was saved, and saves nothing that was not', async () => {
    await page.locator('[data-testid=delivery-row][data-state=todo]').first().click();
    await at(page, 'confirm').click();
    await at(page, 'confirm-next').click();
    await page.reload();
    await at(page, 'delivery-row').first().waitFor();
    await page.locator('[data-testid=unsent-bar][data-count="2"]').waitFor();
    await at(page, 'tab-history').click();
    await at(page, 'history-day').waitFor();
    expect(await page.locator('[data-testid=history-day] [data-testid=delivery-row]').count()).toBe(1);
    await page.locator(`[data-testid=history-day] [data-id=${collected.id}]`).click();
    await at(page, 'show-receipt').click();
    await at(page, 'receipt').waitFor();
    expect(await at(page, 'receipt').getAttribute('data-receipt-no')).toBe(collected.receiptNo);
    await page.keyboard.press('Escape');
  });

  test('offline: the day is closed with a wrong count; it warns of what is not sent', async () => {
    await at(page, 'tab-close').click();
    await page.getByText('2 entries are not sent yet.').waitFor();
    expect(await at(page, 'counted').innerText()).toContain('1');
    await at(page, 'close-collected').fill(String(collected.paise / 100 - 50));
    await page.getByText('₹50.00 less than the phone has counted').waitFor();
    await at(page, 'close-collected').fill(String(collected.paise / 100 + 50));
    await page.getByText('₹50.00 more than the phone has counted').waitFor();
    // The thumb that taps twice has not closed anything.
    await at(page, 'close-day').dblclick();
    expect(await at(page, 'close-day').isDisabled()).toBe(true);
    await at(page, 'close-day').click();
    await page.locator('[data-testid=closing][data-state=saved]').waitFor();
  });

  test('with a line, the office gives the same number, tells the difference, and the receipt stands', async () => {
    await agent.phone.setOffline(false);
    await page.locator('[data-testid=unsent-bar][data-count="0"]').waitFor();
    await page.locator('[data-testid=closing][data-state=applied]').waitFor();
    expect(await at(page, 'closing').innerText()).toContain('₹50.00 more than the books');
    const [row] = await sql`select receipt_no, status from deliveries where tenant = 'pennco' and id = ${collected.id}`;
    expect(row).toEqual({ receipt_no: collected.receiptNo, status: 'confirmed' });
    await at(page, 'tab-today').click();
    await page.locator(`[data-testid=delivery-row][data-id=${collected.id}]`).click();
    await at(page, 'show-receipt').click();
    await page.locator('[data-testid=receipt][data-standing=confirmed]').waitFor();
    // Word for word what the customer got before.
    expect(await scan(page)).toBe(collected.scanned);
    await page.keyboard.press('Escape');
  });

  test('the office can tell a genuine receipt from an altered one', async () => {
    const http = httpClient(agent.server.url);
    const check = async (text: string, tenant?: string) =>
      (await http.post('/api/v1/receipts/check', await bearerTokens(secret)('ops', 'ops', tenant), { text })).body;
    expect(await check(collected.scanned)).toMatchObject({
      ...{ verdict: 'genuine', receiptNo: collected.receiptNo, amountPaise: collected.paise },
    });
    expect(await check(collected.scanned.replace(/Rs \d+/, 'Rs 9'))).toMatchObject({ verdict: 'altered' });
    expect(await check(collected.scanned, 'vishi')).toMatchObject({ verdict: 'unconfirmed', receiptNo: null });
    expect(await check('https://example.com')).toMatchObject({ verdict: 'unreadable' });
    const agents = await http.post('/api/v1/receipts/check', await bearerTokens(secret)('a01', 'agent'), { text: 'x' });
    expect(agents.status).toBe(403);
  });

  test('what the office refuses stays in view on every screen until it is dealt with', async () => {
    const row = page.locator('[data-testid=delivery-row][data-state=todo]').first();
    const id = (await row.getAttribute('data-id')) ?? '';
    await row.click();
    await at(page, 'confirm').click();
    await at(page, 'amount').fill('1');
    await at(page, 'confirm-next').click();
    await at(page, 'confirm-submit').click();
    await page.locator('[data-testid=receipt][data-standing=refused]').waitFor();
    await page.keyboard.press('Escape');
    for (const tab of ['map', 'history', 'close']) {
      await at(page, `tab-${tab}`).click();
      await at(page, 'refused').waitFor();
      expect(await at(page, 'refused').innerText()).toContain('1 refused');
    }
    await at(page, 'refused').click();
    await page.locator(`[data-testid=attention-item][data-id=${id}]`).waitFor();
    // Another phone confirms it with the amount that is due: done, though the refusal is still to be seen.
    const http = httpClient(agent.server.url);
    const token = await bearerTokens(secret)('a01', 'agent');
    const { amountPaise } = (await http.get(`/v1/collections/deliveries/${id}`, token)).body as { amountPaise: number };
    const body = { amountPaise, confirmedAt: '2026-11-23T05:00:00Z' };
    await http.post(`/api/v1/deliveries/${id}/confirm`, token, body, { 'idempotency-key': crypto.randomUUID() });
    await page.locator('[data-testid=filter-done]').click();
    await page.locator(`[data-testid=delivery-row][data-id=${id}][data-state=confirmed]`).click();
    await at(page, 'show-receipt').click();
    await page.locator('[data-testid=receipt][data-standing=confirmed]').waitFor();
    expect(await page.locator('.check-amount').innerText()).toBe(formatRupees(amountPaise));
    await page.keyboard.press('Escape');
    await at(page, 'refused').click();
    await at(page, 'dismiss').click();
    await at(page, 'refused').waitFor({ state: 'detached' });
  });

  test('a week later the phone still knows that the day was closed', async () => {
    await page.close();
    page = await agent.phone.newPage();
    await page.addInitScript((ms) => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + ms;
    }, 8 * 86_400_000);
    await page.goto(`${agent.server.url}/agent/`);
    await page.locator('[data-testid=unsent-bar][data-kind=sent]').waitFor();
    await at(page, 'tab-history').click();
    await at(page, 'history-day').first().getByText('Day closed').waitFor();
    await at(page, 'tab-close').click();
    expect(await page.locator('main option:checked').innerText()).toContain('Today');
    await page.close();
    page = await agent.openApp();
  });

  test('where the agent is, is told only after a yes, and not after the day is closed', async () => {
    // The demo day comes with a track of its own.
    const everyPing = async () => (await sql`select count(*)::int as n from agent_track`)[0]?.['n'] as number;
    const before = await everyPing();
    const pings = async () => (await everyPing()) - before;
    await at(page, 'account').click();
    await at(page, 'settings').click();
    await at(page, 'track').check();
    await page.keyboard.press('Escape');
    // Closed in this test's day: nothing is told.
    await agent.phone.setGeolocation({ latitude: 24.9, longitude: 85.1, accuracy: 10 });
    await page.waitForTimeout(1500);
    expect(await pings()).toBe(0);
    // Another agent's day is open.
    await at(page, 'account').click();
    await at(page, 'sign-out').click();
    await page.locator('[data-testid=agent-option][data-sub=a02]').first().click();
    await at(page, 'delivery-row').first().waitFor();
    await page.waitForTimeout(1500);
    expect(await pings()).toBe(0);
    await at(page, 'account').click();
    await at(page, 'settings').click();
    expect(await at(page, 'track').isChecked()).toBe(false);
    await at(page, 'track').check();
    await page.keyboard.press('Escape');
    await expect.poll(pings).toBe(1);
    const [latest] = await sql`select lat from agent_positions where tenant = 'pennco' and agent_id = 'a02'`;
    expect(latest).toEqual({ lat: 24.9 });
  });
});

/** Reads the QR code on the screen as a scanner does. */
async function scan(page: Page): Promise<string> {
  const { pixels, size } = await page.locator('svg.qr').evaluate(async (svg) => {
    const size = 300;
    const image = new Image(size, size);
    image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
    await image.decode();
    const context = new OffscreenCanvas(size, size).getContext('2d');
    context?.drawImage(image, 0, 0, size, size);
    return { pixels: [...(context?.getImageData(0, 0, size, size).data ?? [])], size };
  });
  const text = jsqr.default(new Uint8ClampedArray(pixels), size, size)?.data;
  expect(text, 'the QR code cannot be read').toBeDefined();
  return text ?? '';
}
