import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { buildWebApps } from '../support/build-web-apps.ts';
import { openPrivateWindow } from '../support/chromium.ts';
import { type FieldOpsProcess, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

/** Far more than any step takes, so that a failure names its step. */
const stepMs = 60_000;

/** The smallest screen that the app is made for, somewhere near Gaya. */
const smallPhone: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  geolocation: { latitude: 24.79, longitude: 85, accuracy: 15 },
  permissions: ['geolocation'],
};

export interface AgentPhone {
  readonly server: FieldOpsProcess;
  readonly database: FreshDatabase;
  readonly phone: BrowserContext;
  /** Opens the app; signed in as the demo's a01 when it is the first time. */
  openApp(): Promise<Page>;
  close(): Promise<void>;
}

/** The built app on a phone's browser, with a server of its own and a demo day of three agents. */
export async function agentPhone(context: BrowserContextOptions = {}): Promise<AgentPhone> {
  await buildWebApps();
  const database = await freshDatabase();
  const server = await startFieldOpsProcess(await freePort(), {
    DATABASE_URL: database.url,
    EKBAAR_SEED_AGENTS: '3',
    EKBAAR_SEED_DELIVERIES: '90',
  });
  const phone = await openPrivateWindow({ mobile: true, context: { ...smallPhone, ...context } });
  let signedIn = false;
  return {
    ...{ server, database, phone },
    async openApp() {
      phone.setDefaultTimeout(stepMs);
      const page = await phone.newPage();
      await page.goto(`${server.url}/agent/`);
      if (!signedIn) await page.locator('[data-testid=agent-option][data-sub=a01]').click();
      signedIn = true;
      await page.locator('[data-testid=delivery-row]').first().waitFor();
      return page;
    },
    async close() {
      await phone.close();
      await server.stop();
      await database.drop();
    },
  };
}

export const at = (page: Page, testId: string) => page.locator(`[data-testid=${testId}]`);
