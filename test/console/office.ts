import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { buildWebApps } from '../support/build-web-apps.ts';
import { launchChromium } from '../support/chromium.ts';
import { type FieldOpsProcess, secret, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { httpClient, type HttpClient } from '../support/http-client.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

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
  /** What axe finds on these screens, and what is wider than a phone: in light on an office screen, in the dark on a phone. */
  faults(screens: readonly (readonly [path: string, seen: string])[]): Promise<string[]>;
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
  const browser = await launchChromium({ context: { viewport: { width: 1440, height: 900 }, acceptDownloads: true } });
  browser.context.setDefaultTimeout(30_000);
  const page = await browser.context.newPage();
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
    async faults(screens) {
      const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
      const found: string[] = [];
      for (const [theme, width] of [
        ['light', 1440],
        ['dark', 360],
      ] as const) {
        await page.setViewportSize({ width, height: 800 });
        await page.evaluate((chosen) => localStorage.setItem('ekbaar.console.theme', chosen), theme);
        for (const [path, seen] of screens) {
          await open(path, seen);
          found.push(...(await faultsOf(page, axe)).map((fault) => `${theme} ${width} ${path}: ${fault}`));
        }
      }
      await page.setViewportSize({ width: 1440, height: 900 });
      return found;
    },
    async close() {
      await browser.close();
      await server.stop();
      await database.drop();
    },
  };
}

async function faultsOf(page: Page, axe: string): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await run.run();
    const right = document.documentElement.clientWidth + 1;
    const wide = [document.documentElement, document.querySelector('#screen')].some(
      (part) => part !== null && part.scrollWidth > part.clientWidth,
    );
    const beyond = [...document.querySelectorAll('.top *, #screen *')].filter(
      (part) => part.getBoundingClientRect().right > right,
    );
    return [
      ...violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`),
      ...(wide ? [`too wide: ${beyond[0]?.outerHTML.slice(0, 160)}`] : []),
    ];
  });
}
