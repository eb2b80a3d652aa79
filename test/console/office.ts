import type { Page } from 'playwright-core';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { buildWebApps } from '../support/build-web-apps.ts';
import { openPrivateWindow } from '../support/chromium.ts';
import { type FieldOpsProcess, secret, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { httpClient, type HttpClient } from '../support/http-client.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { type Screen, screenFaults } from './screen-faults.ts';

export interface OfficeDelivery {
  readonly id: string;
  readonly kind: string;
  readonly agentId: string;
  readonly loanId: string;
  readonly amountPaise: number;
}

/** The console of PennCo's operations in a real browser, in front of a real server with its worker. */
export interface Office {
  readonly page: Page;
  readonly http: HttpClient;
  readonly server: FieldOpsProcess;
  readonly database: FreshDatabase;
  /** A token of operations with all regions. */
  readonly ops: string;
  readonly deliveries: readonly OfficeDelivery[];
  readonly tokenOf: ReturnType<typeof bearerTokens>;
  /** Goes to a screen and waits until something is there. */
  open(path: string, seen: string): Promise<void>;
  /** Has the agent confirm it. */
  confirm(delivery: OfficeDelivery): Promise<void>;
  /** See {@link screenFaults}. */
  faults(screens: readonly Screen[]): Promise<string[]>;
  /** What went wrong in the page. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

export async function openOffice(environment: Record<string, string> = {}): Promise<Office> {
  await buildWebApps();
  const database = await freshDatabase();
  const server = await startFieldOpsProcess(await freePort(), {
    ...{ DATABASE_URL: database.url, EKBAAR_WORKER: 'inside' },
    ...{ EKBAAR_SEED_AGENTS: '4', EKBAAR_SEED_DELIVERIES: '60' },
    ...environment,
  });
  const http = httpClient(server.url);
  const tokenOf = bearerTokens(secret);
  const ops = await tokenOf('ops', 'ops');
  const { rows } = (await http.get('/api/v1/deliveries?limit=200', ops)).body as { rows: OfficeDelivery[] };
  const browser = await openPrivateWindow({
    context: { viewport: { width: 1440, height: 900 }, acceptDownloads: true },
  });
  browser.setDefaultTimeout(30_000);
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    // That nobody was signed in at first is told to the browser's console too.
    if (message.type() === 'error' && !message.text().includes('status of 401')) problems.push(message.text());
  });
  await page.goto(`${server.url}/console/`);
  await page.locator('[data-testid=ops-option][data-tenant=pennco][data-sub=ops]').click();
  await page.locator('[data-testid=live]').waitFor();
  const open = async (path: string, seen: string) => {
    await page.goto(`${server.url}/console${path}`);
    await page.locator(seen).first().waitFor();
  };
  return {
    ...{ page, http, server, database, ops, deliveries: rows, tokenOf, open, problems },
    async confirm({ id, agentId, amountPaise }) {
      const body = { amountPaise, confirmedAt: new Date().toISOString() };
      const headers = { 'idempotency-key': crypto.randomUUID() };
      const answer = await http.post(
        `/api/v1/deliveries/${id}/confirm`,
        await tokenOf(agentId, 'agent'),
        body,
        headers,
      );
      if (answer.status !== 200) throw new Error(`not confirmed: ${answer.text}`);
    },
    faults: (screens) => screenFaults(page, open, screens),
    async close() {
      await browser.close();
      await server.stop();
      await database.drop();
    },
  };
}
