import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServedPage, servePage } from '../../sdk/src/testing/serve-page.ts';
import { type Chromium, chromiumIsMissing, launchChromium } from '../support/chromium.ts';
import { seededRandom } from '../support/seeded.ts';
import { startVisits, type VisitsServer } from '../support/visits-server.ts';
import type {} from './tab-page.ts';

const tabs = 4;
const mutations = 200;
/** So many mutations are made in a tab at once, at most. */
const burst = 6;
/** How often the tab then dies in the middle of them. */
const deathRate = 0.3;
/** How long it has at most until then, in milliseconds. */
const lastMs = 40;

describe.skipIf(chromiumIsMissing())('four tabs on one store, killed at random', () => {
  let server: VisitsServer;
  let served: ServedPage;
  let chromium: Chromium;
  let url: string;
  /** What the SDK has called saved: idempotency keys by visit. */
  const saved = new Map<string, string>();
  const deaths = { closed: 0, crashed: 0, reloaded: 0 };

  beforeAll(async () => {
    server = await startVisits();
    served = await servePage(fileURLToPath(new URL('./tab-page.ts', import.meta.url)), forward);
    chromium = await launchChromium();
    await chromium.context.exposeBinding('saved', (_source, id: string, key: string) => void saved.set(id, key));
    url = `${served.url}?token=${await server.token('a17', 'agent')}`;
  });
  afterAll(async () => {
    await chromium?.close();
    served?.close();
    await server?.close();
  });

  /** To the real server: the page and it have one origin, as behind a proxy. */
  const forward = async (path: string, init: RequestInit): Promise<Response> => {
    const asked = new Headers(init.headers);
    const headers = new Headers();
    for (const name of ['authorization', 'content-type', 'content-encoding', 'accept']) {
      const value = asked.get(name);
      if (value !== null) headers.set(name, value);
    }
    const body = init.method === 'GET' ? null : (init.body ?? null);
    const answer = await fetch(server.url + path, { ...init, headers, body });
    const type = answer.headers.get('content-type') ?? '';
    return new Response(answer.body, { status: answer.status, headers: { 'content-type': type } });
  };

  async function openTab(): Promise<Page> {
    const page = await chromium.context.newPage();
    await page.goto(url);
    await page.waitForFunction(() => 'tab' in window);
    return page;
  }

  /** The tab goes, whatever it is at. */
  async function die(page: Page, chance: number): Promise<void> {
    if (chance < 0.4) {
      deaths.closed += 1;
      await page.close();
    } else if (chance < 0.8) {
      deaths.crashed += 1;
      const crashed = page.waitForEvent('crash');
      const session = await page.context().newCDPSession(page);
      // Its own answer never comes.
      session.send('Page.crash').catch(() => {});
      await crashed;
      await page.close();
    } else {
      deaths.reloaded += 1;
      await page.reload();
      await page.waitForFunction(() => 'tab' in window);
    }
  }

  test(`${mutations} mutations, each exactly once at the server`, async () => {
    const { seed, random } = seededRandom(20_261_122);
    const open: Page[] = [];
    const lost = new Set<Page>();
    const openOne = async () => {
      const page = await openTab();
      // Tabs may share a process: what dies with another one is replaced too.
      page.on('crash', () => lost.add(page));
      open.push(page);
    };
    while (open.length < tabs) await openOne();

    const tried = new Set<string>();
    while (saved.size < mutations) {
      const page = open[Math.floor(random() * open.length)];
      if (!page) throw new Error('no tab is open');
      const made = Array.from({ length: 1 + Math.floor(random() * burst) }, async () => {
        const id = `v${tried.size}`;
        tried.add(id);
        // Rejects when the tab dies first.
        await page.evaluate((visit) => window.tab.note(visit), id).catch(() => {});
      });
      if (random() < deathRate) {
        await sleep(random() * lastMs);
        await die(page, random());
      }
      await Promise.all(made);
      for (const gone of open.filter((one) => one.isClosed() || lost.has(one))) {
        open.splice(open.indexOf(gone), 1);
        if (!gone.isClosed()) await gone.close();
      }
      while (open.length < tabs) await openOne();
    }

    // Whoever leads now sends the rest, of the dead ones too.
    const [first, ...others] = open;
    if (!first) throw new Error('no tab is open');
    await expect.poll(() => first.evaluate(() => window.tab.pending()), { timeout: 60_000 }).toBe(0);
    await first.evaluate(() => window.tab.sync());
    const runs = await server.rows<{ key: string; id: string }>(sql`select key, visit_id as id from runs`);
    console.log(
      `seed ${seed}: ${saved.size} saved of ${tried.size} tried, ${runs.length} runs; tabs ${JSON.stringify(deaths)}`,
    );
    expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length);
    expect(new Set(runs.map(({ key }) => key)).size).toBe(runs.length);
    const applied = new Map(runs.map(({ id, key }) => [id, key]));
    for (const [id, key] of saved) expect([id, applied.get(id)]).toEqual([id, key]);
    for (const { id } of runs) expect(tried).toContain(id);

    // One client, one log without gaps, and every tab shows all of it.
    const clients = await server.rows<{ client_id: string; last: string | number }>(
      sql`select client_id, last_mutation_id as last from sync.clients`,
    );
    expect(clients.map(({ client_id: client, last }) => [client, Number(last)])).toEqual([
      [await first.evaluate(() => window.tab.clientId()), runs.length],
    ]);
    for (const page of [first, ...others]) {
      await expect.poll(() => page.evaluate(() => window.tab.visits()), { timeout: 30_000 }).toBe(runs.length);
      // Rows are read from the disk; of outcomes a tab hears from the one that syncs.
      await expect
        .poll(async () => new Set(await page.evaluate(() => window.tab.states())), { timeout: 30_000 })
        .toEqual(new Set(['applied']));
    }
    // The chances were meant to be taken.
    for (const count of Object.values(deaths)) expect(count).toBeGreaterThan(0);
    expect(tried.size).toBeGreaterThan(saved.size);
    // A machine that has much else to do opens tabs slowly.
  }, 300_000);
});
