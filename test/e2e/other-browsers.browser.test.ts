import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BadNetwork, startBadNetwork } from '../support/bad-network.ts';
import { readBooks } from '../support/books.ts';
import { buildWebApps } from '../support/build-web-apps.ts';
import type { DrivenBrowser, Tab } from '../support/driven-browser.ts';
import { type FieldOpsProcess, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { otherBrowsers } from '../support/other-browsers.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { seededRandom } from '../support/seeded.ts';

const confirmations = 3;

for (const { name, isMissing, start } of otherBrowsers) {
  describe.skipIf(isMissing())(`the apps in a real ${name}`, () => {
    let database: FreshDatabase;
    let server: FieldOpsProcess;
    let line: BadNetwork;
    let browser: DrivenBrowser;

    beforeAll(async () => {
      await buildWebApps();
      database = await freshDatabase();
      server = await startFieldOpsProcess(await freePort(), {
        DATABASE_URL: database.url,
        EKBAAR_SEED_AGENTS: '1',
        EKBAAR_SEED_DELIVERIES: '20',
      });
      line = await startBadNetwork({
        target: { host: '127.0.0.1', port: server.port },
        random: seededRandom(7).random,
      });
      browser = await start();
    });

    afterAll(async () => {
      await browser?.close();
      await line.close();
      await server.stop();
      await database.drop();
    });

    test('the agent app confirms without a network, ends, opens without one, sends each once, and closes the day', async () => {
      let tab = await browser.openTab(`${line.url}/agent/`);
      await click(tab, '[data-testid=agent-option][data-sub=a01]');
      await comes(tab, '[data-testid=delivery-row]');
      await expect.poll(() => tab.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);

      line.rules.decide = () => ({ kind: 'reset-request' });
      line.resetConnections();
      const ids: string[] = [];
      for (let n = 1; n <= confirmations; n++) ids.push(await confirm(tab));
      await comes(tab, `[data-testid=unsent-bar][data-count="${confirmations}"]`);
      await browser.endTabs();

      tab = await browser.openTab(`${line.url}/agent/`);
      for (const id of ids) await comes(tab, unconfirmed(id));
      line.rules.decide = () => ({ kind: 'pass' });
      for (const id of ids) await comes(tab, `[data-testid=delivery-row][data-id="${id}"][data-state=confirmed]`);
      await comes(tab, '[data-testid=unsent-bar][data-count="0"]');
      expect(await readBooks(database.url, 'pennco')).toMatchObject({
        confirmed: confirmations,
        receipts: { applied: confirmations },
        unbalanced: 0,
        jobs: { sms: confirmations, 'mfi-webhook': confirmations },
      });

      for (const step of ['tab-close', 'close-day', 'close-day']) await click(tab, `[data-testid=${step}]`);
      await comes(tab, '[data-testid=closing][data-state=applied]');
    });

    test('the console shows every one of its screens', async () => {
      const tab = await browser.openTab(`${line.url}/console/`);
      await click(tab, '[data-testid=ops-option]');
      await comes(tab, '#navigation a');
      const screens = await tab.evaluate(() => {
        // React tells there what a screen's boundary has caught.
        console.error = (...words) => document.documentElement.setAttribute('data-failed', words.join(' '));
        return [...document.querySelectorAll('#navigation a')].map((link) => link.getAttribute('href'));
      });
      expect(screens).toHaveLength(14);
      for (const screen of screens) {
        await click(tab, `#navigation a[href="${screen}"]`);
        await comes(tab, `#navigation a[href="${screen}"][aria-current=page]`);
        await comes(tab, 'main :is(h1, [data-testid=console-row])');
        expect([screen, await tab.evaluate(() => document.documentElement.dataset['failed'])]).toEqual([
          screen,
          undefined,
        ]);
      }
      await tab.close();
    });
  });
}

/** Saved on the phone; whether the line had taken it before it broke, the phone may not know. */
const unconfirmed = (id: string) =>
  `[data-testid=delivery-row][data-id="${id}"]:is([data-state=saved], [data-state=sent])`;

async function comes(tab: Tab, selector: string): Promise<void> {
  await expect
    .poll(() => tab.evaluate((it) => document.querySelector(it) !== null, selector), { message: selector })
    .toBe(true);
}

async function click(tab: Tab, selector: string): Promise<void> {
  await comes(tab, `${selector}:not(:disabled)`);
  await tab.evaluate((it) => document.querySelector<HTMLElement>(it)?.click(), selector);
}

/** Confirms the first delivery that is to do. @returns its id. */
async function confirm(tab: Tab): Promise<string> {
  const todo = '[data-testid=delivery-row][data-state=todo]';
  await comes(tab, todo);
  const id = await tab.evaluate((it) => document.querySelector(it)?.getAttribute('data-id') ?? '', todo);
  for (const step of [todo, '[data-testid=confirm]', '[data-testid=confirm-next]', '[data-testid=confirm-submit]']) {
    await click(tab, step);
  }
  await click(tab, '[data-testid=receipt-done]');
  await comes(tab, unconfirmed(id));
  return id;
}
