import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { bundle } from '../../sdk/src/testing/serve-page.ts';
import { type BadNetwork, type NetworkRules, startBadNetwork } from '../support/bad-network.ts';
import { type Books, readBooks } from '../support/books.ts';
import { type Chromium, launchChromium } from '../support/chromium.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import type { FreshDatabase } from '../support/postgres.ts';
import type { FieldPage } from './field-page.ts';

type Page = Awaited<ReturnType<Chromium['context']['newPage']>>;

declare global {
  interface Window {
    /** Put there by field-page.ts. */
    readonly fieldPage: FieldPage;
  }
}

/** A day in the field: what waits on the phone, and what it has to fetch. */
export interface Plan {
  readonly confirmations: number;
  /** Deliveries of the agent, none of which is on the phone yet. */
  readonly rows: number;
}

/** A line, and what becomes of it. */
export interface Weather {
  readonly latencyMs: number;
  readonly bytesPerSecond: number;
  /** How many of a hundred connections are cut, at a random byte of what goes up or comes down. */
  readonly cutsPerHundred: number;
  /** After so many bytes, up and down together, something happens; in turns the phone dies and the line goes for a while. */
  readonly interruptedAfter: readonly number[];
}

/** What a trip has cost, and what stands in the end. */
export interface Trip {
  readonly sent: number;
  readonly received: number;
  readonly requests: number;
  /** Those of them that asked for the stream of pokes. */
  readonly streams: number;
  readonly cut: number;
  readonly seconds: number;
  /** Interruptions that came while there was still something to do. */
  readonly interruptions: number;
  /** What the phone shows: each delivery and its status. */
  readonly shown: readonly string[];
  /** The same from the server's table. */
  readonly rows: readonly string[];
  /** Of each confirmation, as the phone knows it. */
  readonly outcomes: readonly string[];
  readonly books: Books;
}

const offlineMs = 3_000;
/** Far more than any step takes, so that a failure names its step. */
const stepMs = 60_000;

/** Confirms offline, goes online, and waits until everything is sent and fetched; on a new phone and a server of its own. */
export async function makeTrip(
  plan: Plan,
  weather: Weather,
  database: FreshDatabase,
  random: () => number,
): Promise<Trip> {
  const ekbaar = await startFieldOps({ url: database.url, demo: { agents: 1, deliveries: plan.rows } });
  const network = await startLine(ekbaar, weather, random);
  const phone = await launchChromium({ mobile: true });
  try {
    return await travel(plan, weather, { ekbaar, ...network, phone, url: database.url });
  } finally {
    await phone.close();
    await network.line.close();
    await ekbaar.close();
  }
}

async function startLine(
  ekbaar: FieldOps,
  weather: Weather,
  random: () => number,
): Promise<Pick<Parts, 'line' | 'asked'>> {
  const script = await bundle(fileURLToPath(new URL('field-page.ts', import.meta.url)), { production: true });
  const { hostname: host, port } = new URL(ekbaar.url);
  const asked: string[] = [];
  const decide: NetworkRules['decide'] = ({ path }) => {
    asked.push(path);
    if (random() * 100 >= weather.cutsPerHundred) return { kind: 'pass' };
    return random() < 0.5 ? { kind: 'drop-request' } : { kind: 'cut-part', part: random() };
  };
  const line = await startBadNetwork({
    target: { host, port: Number(port) },
    random,
    rules: { decide, latencyMs: weather.latencyMs, bytesPerSecond: weather.bytesPerSecond },
    // The app is on the phone already.
    installed: {
      '/': { type: 'text/html', body: '<!doctype html><script type="module" src="/page.js"></script>' },
      '/page.js': { type: 'text/javascript', body: script },
    },
  });
  return { line, asked };
}

interface Parts {
  readonly ekbaar: FieldOps;
  readonly line: BadNetwork;
  /** The path of each request. */
  readonly asked: readonly string[];
  readonly phone: Chromium;
  readonly url: string;
}

async function travel(
  plan: Plan,
  { interruptedAfter }: Weather,
  { ekbaar, line, asked, phone, url }: Parts,
): Promise<Trip> {
  const token = await ekbaar.token('a01', 'agent');
  const openApp = async () => {
    phone.context.setDefaultTimeout(stepMs);
    const page = await phone.context.newPage();
    await page.goto(line.url);
    await page.waitForFunction(() => 'fieldPage' in window);
    return page;
  };
  let page = await openApp();
  await phone.context.setOffline(true);
  await page.evaluate((given) => window.fieldPage.open(given), token);
  const deliveries = await ekbaar.query<{ id: string; amountPaise: number }>(
    sql`select id, amount_paise::float8 as "amountPaise" from deliveries where tenant = 'pennco' order by id limit ${plan.confirmations}`,
  );
  await page.evaluate((list) => window.fieldPage.confirm(list), deliveries);

  const started = performance.now();
  await phone.context.setOffline(false);
  let interruptions = 0;
  const total = () => line.bytes.sent + line.bytes.received;
  for (const [at, after] of interruptedAfter.entries()) {
    const from = total();
    while (total() - from < after && !(await isDone(page))) await sleep(50);
    if (await isDone(page)) break;
    interruptions += 1;
    if (at % 2 === 0) {
      await phone.kill();
      await phone.relaunch();
      page = await openApp();
      await page.evaluate((given) => window.fieldPage.open(given), token);
    } else {
      await phone.context.setOffline(true);
      line.resetConnections();
      await sleep(offlineMs);
      await phone.context.setOffline(false);
    }
  }
  while (!(await isDone(page))) await sleep(100);
  const seconds = (performance.now() - started) / 1000;
  const { counts } = line;
  const rows = await ekbaar.query<{ row: string }>(
    sql`select id || ' ' || status as row from deliveries where tenant = 'pennco'`,
  );
  return {
    ...line.bytes,
    requests: asked.length,
    streams: asked.filter((path) => path === '/v1/events').length,
    cut: counts['drop-request'] + counts['cut-part'],
    seconds,
    interruptions,
    shown: (await page.evaluate(() => window.fieldPage.deliveries())).toSorted(),
    rows: rows.map(({ row }) => row).toSorted(),
    outcomes: await page.evaluate(() => window.fieldPage.outcomes()),
    books: await readBooks(url, 'pennco'),
  };
}

async function isDone(page: Page): Promise<boolean> {
  const { pending, lastSyncedAt, syncing } = await page.evaluate(() => window.fieldPage.status());
  return pending === 0 && lastSyncedAt !== null && !syncing;
}
