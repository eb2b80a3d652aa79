import { Delta } from '@ekbaar/sdk/protocol';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BadNetwork, type Decide, type Fault, startBadNetwork } from '../support/bad-network.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { readBooks } from '../support/books.ts';
import { buildWebApps } from '../support/build-web-apps.ts';
import { type Chromium, chromiumIsMissing, launchChromium } from '../support/chromium.ts';
import { type FieldOpsProcess, secret, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { httpClient } from '../support/http-client.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { onThePhone } from '../sign-in/pages.ts';
import { seededRandom } from '../support/seeded.ts';

const confirmations = 20;
/** Far more than any step takes, so that a failure names its step. */
const stepMs = 30_000;

describe.skipIf(chromiumIsMissing())('the first mile: a confirmation made offline reaches ops exactly once', () => {
  let database: FreshDatabase;
  let server: FieldOpsProcess;
  let line: BadNetwork;
  let phone: Chromium;

  beforeAll(async () => {
    await buildWebApps();
    database = await freshDatabase();
    server = await startFieldOpsProcess(await freePort(), {
      DATABASE_URL: database.url,
      EKBAAR_SEED_AGENTS: '3',
      EKBAAR_SEED_DELIVERIES: '120',
    });
    line = await startBadNetwork({ target: { host: '127.0.0.1', port: server.port }, random: seededRandom(7).random });
    phone = await launchChromium({ mobile: true });
  });

  afterAll(async () => {
    await phone.close();
    await line.close();
    await server.stop();
    await database.drop();
  });

  test('20 deliveries confirmed offline, the browser killed, and a line that cuts or replays every third answer', async () => {
    const app = `${line.url}/agent/`;
    phone.context.setDefaultTimeout(stepMs);
    let page = await phone.context.newPage();
    await page.goto(app);
    await page.locator('[data-testid=agent-option][data-sub=a01]').click();
    await page.locator('[data-testid=delivery-row]').first().waitFor();
    // The service worker has what it needs to open the app without a network.
    await onThePhone(page);
    await bar(page, { count: 0 });

    await phone.context.setOffline(true);
    const ids = await rowsIn(page, 'todo');
    const mine = ids.slice(0, confirmations);
    for (const id of mine) await confirm(page, id);
    await bar(page, { count: confirmations });
    expect((await rowsIn(page, 'saved')).toSorted()).toEqual(mine.toSorted());

    await phone.kill();
    // Meanwhile another phone of the same agent confirms one of them, with a line.
    const [contested = ''] = mine;
    await confirmElsewhere(server.url, contested);

    const context = await phone.relaunch();
    context.setDefaultTimeout(stepMs);
    await context.setOffline(true);
    page = await context.newPage();
    await page.goto(app);
    await page.locator('[data-testid=delivery-row]').first().waitFor();
    await bar(page, { count: confirmations });
    expect((await rowsIn(page, 'saved')).toSorted()).toEqual(mine.toSorted());

    const bad = everyThirdAnswer();
    line.rules.decide = bad.decide;
    await context.setOffline(false);
    await bar(page, { count: 0 });
    // Opened again and again, until the line has cut, replayed and lost an answer.
    while (faults.some(({ kind }) => line.counts[kind] === 0)) {
      const before = bad.answered();
      await page.reload();
      await expect.poll(bad.answered, { timeout: stepMs }).toBeGreaterThan(before);
    }
    // Also the contested one: the other phone's confirmation of it counts, and this phone's was refused.
    await expect
      .poll(async () => (await rowsIn(page, 'confirmed')).toSorted(), { timeout: stepMs })
      .toEqual(mine.toSorted());
    await page.locator('[data-testid=refused]').click();
    const refused = page.locator('[data-testid=attention-item]');
    expect(await refused.evaluateAll((items) => items.map((item) => item.getAttribute('data-id')))).toEqual([
      contested,
    ]);

    const ops = await bearerTokens(secret)('ops', 'ops');
    const delta = Delta.parse((await httpClient(server.url).get('/v1/pull?limit=1000', ops)).body);
    const confirmed = delta.changes.filter(
      ({ collection, row }) => collection === 'deliveries' && row?.['status'] === 'confirmed',
    );
    expect(confirmed.map(({ id }) => id).toSorted()).toEqual(mine.toSorted());
    const books = await readBooks(database.url, 'pennco');
    expect(books).toMatchObject({
      confirmed: confirmations,
      receipts: { applied: confirmations, rejected: 1 },
      unbalanced: 0,
      jobs: { sms: confirmations, 'mfi-webhook': confirmations },
    });
    expect(books.debitPaise).toBe(books.creditPaise);
    console.log(`the line: ${JSON.stringify(line.counts)}`);
  });

  test('the sheet that the header opens can be read', async () => {
    const page = await phone.context.newPage();
    await page.goto(`${line.url}/agent/`);
    await page.locator('[data-testid=account]').click();
    const signOut = page.locator('[data-testid=sign-out]');
    const colours = await signOut.evaluate((button) => {
      const sheet = button.closest('dialog');
      return { text: getComputedStyle(button).color, sheet: sheet && getComputedStyle(sheet).backgroundColor };
    });
    expect(colours.text).not.toBe(colours.sheet);
    await signOut.click();
    await page.locator('[data-testid=agent-option]').first().waitFor();
  });
});

const faults: Fault[] = [{ kind: 'cut', afterBytes: 300 }, { kind: 'replay' }, { kind: 'drop-answer' }];

/** Every third answer of the sync route is cut short, replayed from an earlier one, or lost, in turn. */
function everyThirdAnswer(): { decide: Decide; answered: () => number } {
  let asked = 0;
  let answered = 0;
  return {
    answered: () => answered,
    decide({ path }) {
      if (!path.startsWith('/v1/sync')) return { kind: 'pass' };
      asked++;
      // The first among them: it is the one that carries the confirmations.
      const fault = asked % 3 === 1 ? faults[Math.floor(asked / 3) % faults.length] : undefined;
      if (fault === undefined) answered++;
      return fault ?? { kind: 'pass' };
    },
  };
}

async function rowsIn(page: Page, state: string): Promise<string[]> {
  return page
    .locator(`[data-testid=delivery-row][data-state=${state}]`)
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id') ?? ''));
}

async function confirm(page: Page, id: string): Promise<void> {
  const row = `[data-testid=delivery-row][data-id="${id}"]`;
  for (const step of [row, '[data-testid=confirm]', '[data-testid=confirm-next]', '[data-testid=confirm-submit]']) {
    await tap(page.locator(step));
  }
  await page.locator(`${row}[data-state=saved]`).waitFor({ state: 'attached' });
  await page.locator('[data-testid=receipt]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('[data-testid=receipt]').waitFor({ state: 'detached' });
}

/** A click as soon as it would count. By itself Playwright looks again half a second later, where a sheet has just come. */
async function tap(button: Locator): Promise<void> {
  await button.evaluate(async (element) => {
    // Not below the bar at the foot.
    element.scrollIntoView({ block: 'center' });
    const isReady = () => {
      const { left, top, width, height } = element.getBoundingClientRect();
      return (
        element.matches(':enabled') && element.contains(document.elementFromPoint(left + width / 2, top + height / 2))
      );
    };
    while (element.isConnected && !isReady()) await new Promise(requestAnimationFrame);
  });
  await button.click();
}

async function bar(page: Page, { count }: { count: number }): Promise<void> {
  await page.locator(`[data-testid=unsent-bar][data-count="${count}"]`).waitFor();
}

async function confirmElsewhere(url: string, deliveryId: string): Promise<void> {
  const token = await bearerTokens(secret)('a01', 'agent');
  const http = httpClient(url);
  const delivery = (await http.get(`/v1/collections/deliveries/${deliveryId}`, token)).body as { amountPaise: number };
  const body = { amountPaise: delivery.amountPaise, confirmedAt: '2026-11-23T05:00:00Z' };
  const { status } = await http.post(`/api/v1/deliveries/${deliveryId}/confirm`, token, body, {
    'idempotency-key': crypto.randomUUID(),
  });
  expect(status).toBe(200);
}
