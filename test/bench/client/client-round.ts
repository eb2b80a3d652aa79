import { setTimeout as sleep } from 'node:timers/promises';
import type { Expected, Received } from './bench-page.ts';
import { type Change, countInRegion, deliveryAt, regionAt, statusAt } from './delivery.ts';
import type { Entry } from './line-up.ts';
import type { Visit } from './visit.ts';

/** How much of everything. */
export interface Sizes {
  readonly rows: number;
  /** Where it is asked how a page opens on a lot. */
  readonly manyRows: number;
  /** Single mutations, and changes with all live queries open. */
  readonly changes: number;
  readonly queued: number;
  readonly reloads: number;
  /** How long the browser has to be quiet before something is measured. */
  readonly restMs: number;
}

/** What one round of one contestant gave: milliseconds and bytes. */
export interface ClientRound {
  mutate?: readonly number[];
  queue?: number;
  /** CPU milliseconds of the whole browser until it is at rest again; so are the others of that name. */
  queueCpu?: number;
  allVisible?: number;
  allDurable?: number;
  allCpu?: number;
  raisedVisible?: number;
  raisedDurable?: number;
  raisedCpu?: number;
  watched?: readonly number[];
  reload?: readonly number[];
  reloadMany?: readonly number[];
  heap?: number;
}

/** Who shows no further row for so many times the rest has no more. */
const patience = 30;
/** Not measured: what is compiled by then is compiled. */
const warmUp = 5;
/** Who saves at intervals is met at every phase of them. */
const pausesMs = Array.from({ length: 10 }, (_, at) => at * 50);

/** Everything on `rows` rows, from an empty database on; then the database is read again and compared. */
export async function runRound(visit: Visit, entry: Entry, sizes: Sizes, rate: number): Promise<ClientRound> {
  const { rows } = sizes;
  const does = (part: Entry['parts'][number]) => entry.parts.includes(part);
  const round: ClientRound = {};

  await visit.throttle(does('receive') ? rate : 1);
  const all = await receive(visit, 'all', rows);
  const raised = await receive(visit, 'raised', rows);
  if (does('receive')) {
    Object.assign(round, { allVisible: all.visible, raisedVisible: raised.visible });
    // Slowed down, most of it is that of the thread which slows it down.
    if (rate === 1) Object.assign(round, { allCpu: all.cpu, raisedCpu: raised.cpu });
    if (entry.keepsRows) Object.assign(round, { allDurable: all.durable, raisedDurable: raised.durable });
  }
  if (does('read') && entry.keepsRows) round.reload = await reload(visit, rows, sizes.reloads);

  await visit.throttle(1);
  await visit.load();
  if (!entry.keepsRows) for (const what of ['all', 'raised'] as const) await receive(visit, what, rows);
  await visit.rest();
  await visit.throttle(rate);
  const changes: Change[] = [];
  if (does('mutate')) {
    const single = changesFrom(8, 7, sizes.changes + warmUp);
    const times = await visit.measured('mutate', (page) =>
      page.evaluate(([list, pauses]) => window.benchPage.mutate(list, pauses), [single, pausesMs] as const),
    );
    round.mutate = times.slice(warmUp);
    changes.push(...single);
  }
  if (does('read')) {
    const watched = changesFrom(9, 10, sizes.changes + warmUp);
    const times = await visit.measured('watched', (page) =>
      page.evaluate((list) => window.benchPage.mutateWatched(list), watched),
    );
    round.watched = times.slice(warmUp);
    changes.push(...watched);
  }
  if (does('queue')) {
    const queued = Array.from({ length: sizes.queued }, (_, at) => ({
      id: deliveryAt(rows - 1 - at, rows).id,
      status: statusAt(rows - at),
    }));
    await visit.rest();
    const before = await visit.cpuMs();
    round.queue = await visit.measured('queue', (page) =>
      page.evaluate((list) => window.benchPage.queue(list), queued),
    );
    const cpu = await visit.rest(before);
    if (rate === 1) round.queueCpu = cpu;
    changes.push(...queued);
  }
  await visit.throttle(1);
  await expectStored(visit, sizes, { count: rows, raised: true, rows: entry.keepsRows, changes });
  return round;
}

/** Puts many rows where `openMany` will find them. */
export async function fillMany(visit: Visit, { keepsRows }: Entry, sizes: Sizes): Promise<void> {
  const count = sizes.manyRows;
  await receive(visit, 'all', count);
  if (keepsRows) await expectStored(visit, sizes, { count, raised: false, rows: true, changes: [] });
}

/** Opens on many rows: how soon, and how much memory it takes with one live query. */
export async function openMany(visit: Visit, entry: Entry, sizes: Sizes, rate: number): Promise<ClientRound> {
  const round: ClientRound = {};
  if (entry.keepsRows) {
    await visit.throttle(rate);
    round.reloadMany = await reload(visit, sizes.manyRows, sizes.reloads);
    await visit.throttle(1);
    await visit.load();
    await visit.step('look', (page) => page.evaluate(() => window.benchPage.look()));
  } else {
    // Nothing to open: what it takes when all rows have come.
    await fillMany(visit, entry, sizes);
  }
  await sleep(500);
  round.heap = await visit.heapBytes();
  return round;
}

async function receive(
  visit: Visit,
  what: 'all' | 'raised',
  count: number,
): Promise<Received & { readonly cpu: number }> {
  await visit.step('prepare', (page) =>
    page.evaluate(([which, rows]) => window.benchPage.prepare(which, rows), [what, count] as const),
  );
  await visit.rest();
  const before = await visit.cpuMs();
  const received = await visit.measured(`receive-${what}-${count}`, (page) =>
    page.evaluate(() => window.benchPage.receive()),
  );
  return { ...received, cpu: await visit.rest(before) };
}

async function reload(visit: Visit, count: number, times: number): Promise<number[]> {
  const at = 11;
  // Once before it counts: an app that is opened again is in the browser's caches.
  await visit.load(`regionId:${regionAt(at, count)}`);
  const taken: number[] = [];
  for (let time = 0; time <= times; time++) {
    const answer = await visit.measured(`reload-${count}`, async (page) => {
      if (time > 0) await page.reload();
      return page.evaluate(() => window.benchPage.firstAnswer);
    });
    if (answer?.rows !== countInRegion(at, count)) throw new Error(`${answer?.rows} rows in the first answer`);
    if (time > 0) taken.push(answer.ms);
    await sleep(200);
  }
  return taken;
}

/** @throws Error when another page does not find what was stored */
async function expectStored(visit: Visit, { restMs }: Sizes, expected: Expected): Promise<void> {
  await visit.load();
  const faults = await visit.step('compare', (page) =>
    page.evaluate(([what, ms]) => window.benchPage.faults(what, ms), [expected, restMs * patience] as const),
  );
  if (faults.length > 0) throw new Error(`after a reload: ${faults.slice(0, 5).join('; ')} (${faults.length} in all)`);
}

/** Deliveries of one status to another. */
function changesFrom(status: number, to: number, count: number): (Change & { from: string })[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ id: deliveryAt(status + at * 20, 1).id, from: statusAt(status), status: statusAt(to) },
  }));
}
