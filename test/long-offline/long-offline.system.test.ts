import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite from 'node:sqlite';
import { type Client, createClient, type MutationRecord } from '@ekbaar/sdk';
import type { Model } from '@ekbaar/sdk/model';
import { memoryStore } from '@ekbaar/sdk/store/memory';
import { sqliteStore } from '@ekbaar/sdk/store/sqlite';
import { nodeSqlite } from '@ekbaar/sdk/store/sqlite/node';
import { exportUnsent, importUnsent, inspect } from '@ekbaar/sdk/support';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firstModel, thirdModel } from '../support/visits-model.ts';
import { startVisits, type VisitsServer } from '../support/visits-server.ts';

const dayMs = 86_400_000;
/** How far the phone's clock is ahead, and its clone's too. */
const wrongMs = 3 * 3_600_000;
/** What a request on this machine may take at most, when the figures are compared. */
const toleranceMs = 60_000;
const actor = { tenant: 'pennco', id: 'a17' };

let server: VisitsServer;
let directory: string;
let fresh: string;
let expired: string;
/** How often the app was asked for a token because of a 401. */
let renewals = 0;

beforeAll(async () => {
  server = await startVisits();
  directory = await mkdtemp(join(tmpdir(), 'ekbaar-long-offline-'));
  const at = (seconds: number) => server.token(actor.id, 'agent', actor.tenant, { exp: seconds });
  const now = Math.floor(Date.now() / 1000);
  [fresh, expired] = await Promise.all([at(now + 3600), at(now - 30 * 86_400)]);
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

const line = { up: true };

/** Opens the app of one release on the storage of one phone; its clock is wrong, and its timers wait for ever. */
function openApp<M extends Model>(model: M, storage: string | null, token = expired): Promise<Client<M>> {
  return createClient({
    model,
    url: 'http://server',
    actor,
    token: (why) => {
      if (why === 'expired') renewals += 1;
      return why === 'expired' ? fresh : token;
    },
    store: storage === null ? memoryStore() : sqliteStore({ open: nodeSqlite(sqlite, storage), prefix: 'visits-' }),
    platform: {
      now: () => server.now() + (storage === null ? 0 : wrongMs),
      setTimeout: () => 0,
      clearTimeout: () => {},
      online: () => line.up,
      fetch: (url, init) => fetch(url.replace('http://server', server.url), init),
    },
  });
}

type Kept = Pick<MutationRecord, 'key' | 'id'>;

/** A day's work: two visits in the words of the first release, and four pings. */
async function workADay(app: Client<typeof firstModel>, who: string, day: number): Promise<Kept[]> {
  const saving: Promise<unknown>[] = [];
  const visits: Promise<Kept>[] = [];
  for (let quarter = 0; quarter < 4; quarter += 1) {
    saving.push(app.mutate('ping', { n: day * 4 + quarter }));
    if (quarter % 2 === 0) {
      const visit = { id: `${who}-${day}-${quarter}`, text: `घर बंद था ${day}` };
      visits.push(app.mutate('noteVisit', visit));
    }
    server.passMs(dayMs / 4);
  }
  await Promise.all(saving);
  return Promise.all(visits);
}

test('30 days offline, token expired, two releases behind, clock 3 hours wrong, cloned to a second phone: nothing lost, nothing twice', async () => {
  const [phonePlace, clonePlace] = [join(directory, 'phone'), join(directory, 'clone')];
  await mkdir(phonePlace);
  let phone = await openApp(firstModel, phonePlace, fresh);
  await phone.mutate('noteVisit', { id: 'before', text: 'with a line' });
  await phone.sync();
  expect(await phone.read('visits')).toMatchObject([{ id: 'before' }]);

  // The line goes, for thirty days. After fifteen, a second phone is set up from a backup of the first.
  line.up = false;
  const made: Kept[] = [];
  for (let day = 1; day <= 15; day += 1) made.push(...(await workADay(phone, 'both', day)));
  await phone.close();
  await cp(phonePlace, clonePlace, { recursive: true });
  phone = await openApp(firstModel, phonePlace);
  const clone = await openApp(firstModel, clonePlace);
  expect(clone.clientId).toBe(phone.clientId);
  for (let day = 16; day <= 30; day += 1) {
    made.push(...(await workADay(phone, 'phone', day)));
    made.push(...(await workADay(clone, 'clone', day)));
    server.passMs(-dayMs);
  }
  expect(made).toHaveLength(90);
  const unsent = await exportUnsent(clone);
  // Meanwhile the server is two releases further, and the clone gets today's app in a town with Wi-Fi that leads nowhere.
  await server.upgrade();
  await clone.close();
  const updated = await openApp(thirdModel, clonePlace);
  const today = await updated.mutate('noteVisit', { id: 'today', note: 'came back', language: 'en' });
  made.push(today);
  expect(updated.status.get().pending).toBe(made.length - 30 + 20);

  // Both come back in the same moment, and support has the clone's file as well.
  line.up = true;
  const desk = await openApp(thirdModel, null);
  const imported = await importUnsent(desk, unsent);
  expect(imported.imported).toHaveLength(60);
  await Promise.all([phone.sync(), updated.sync(), desk.sync()]);
  await Promise.all([phone.sync(), updated.sync(), desk.sync()]);

  // Nothing lost, nothing twice: each has one receipt, and took effect in one run.
  const keys = made.map(({ key }) => key).toSorted();
  const receipts = await server.rows<{ key: string; status: string; model: number; off: string | number }>(
    sql`select key, status, model, clock_error_ms as off, client_id from sync.receipts where actor = ${actor.id} order by key`,
  );
  const [before] = receipts.filter(({ key }) => !keys.includes(key));
  expect(receipts.filter((receipt) => receipt !== before).map(({ key }) => key)).toEqual(keys);
  expect(new Set(receipts.map(({ status }) => status))).toEqual(new Set(['applied']));
  const runs = await server.rows<{ key: string }>(sql`select key from runs order by key`);
  expect(runs.map(({ key }) => key)).toEqual(receipts.map(({ key }) => key));
  for (const { key } of made) {
    const of = await Promise.allSettled([phone.outcome(key), updated.outcome(key), desk.outcome(key)]);
    const outcomes = of.flatMap((settled) => (settled.status === 'fulfilled' ? [settled.value] : []));
    expect(outcomes.length).toBeGreaterThan(0);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ state: 'applied' });
  }

  // In the words of then, brought up to date by the server.
  const notes = await server.rows<{ id: string; note: string; language: string }>(
    sql`select id, note, language from visits where id <> 'before' order by id`,
  );
  expect(notes).toHaveLength(made.length);
  expect(notes.find(({ id }) => id === 'both-1-0')).toEqual({ id: 'both-1-0', note: 'घर बंद था 1', language: 'hi' });
  expect(notes.find(({ id }) => id === 'today')).toMatchObject({ note: 'came back', language: 'en' });
  expect(receipts.filter(({ model }) => model === 3)).toHaveLength(1);

  // Every replica is the server's, in the shape of its own release.
  expect(await updated.read('visits', { orderBy: 'id' })).toHaveLength(notes.length + 1);
  expect(await updated.read('visits', { where: { id: 'phone-30-2' } })).toMatchObject([{ language: 'hi' }]);
  expect(await phone.read('visits', { where: { id: 'today' } })).toMatchObject([{ note: 'came back' }]);
  expect(await phone.read('visits')).toHaveLength(notes.length + 1);

  // The receipts say how wrong the clock was, and so does the phone; the desk's is right.
  const fromPhones = receipts.filter((receipt) => receipt !== before && !imported.imported.includes(receipt.key));
  for (const { off } of fromPhones) expect(Math.abs(Number(off) - wrongMs)).toBeLessThan(toleranceMs);
  for (const client of [phone, updated]) {
    expect(client.status.get().clockErrorMs).toBeGreaterThan(wrongMs - toleranceMs);
    expect(client.status.get()).toMatchObject({ pending: 0, needsAttention: 0, lastError: null });
  }
  expect(Math.abs(desk.status.get().clockErrorMs ?? Infinity)).toBeLessThan(toleranceMs);

  // Two phones, two client ids, each a log without gaps; the token was renewed once by each.
  expect(new Set([phone, updated, desk].map(({ clientId }) => clientId)).size).toBe(3);
  expect(renewals).toBe(3);
  const logs = await server.rows<{ client_id: string; last: string | number }>(
    sql`select client_id, last_mutation_id as last from sync.clients`,
  );
  for (const client of [phone, updated]) {
    const { receipts: kept, queue } = await inspect(client);
    expect(queue.length).toBe(0);
    const last = Number(logs.find((log) => log.client_id === client.clientId)?.last);
    expect(last).toBeGreaterThanOrEqual(kept.kept);
  }
  // Of 60 and 60 more pings made without a line, each phone has sent twenty, and no key left two traces.
  const pings = await server.rows<{ key: string }>(sql`select key from pings`);
  expect(pings.length).toBeGreaterThanOrEqual(20);
  expect(pings.length).toBeLessThanOrEqual(40);
  await Promise.all([phone.close(), updated.close(), desk.close()]);
});
