import { setTimeout as sleep } from 'node:timers/promises';
import type { Expected } from './bench-page.ts';
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
}

/** What one round of one contestant gave: milliseconds and bytes. */
export interface ClientRound {
  mutate?: readonly number[];
  queue?: number;
  allVisible?: number;
  allDurable?: number;
  raisedVisible?: number;
  raisedDurable?: number;
  watched?: readonly number[];
  reload?: readonly number[];
  reloadMany?: readonly number[];
  heap?: number;
}

/** Not measured: what is compiled by then is compiled. */
const warmUp = 5;
/** Who saves at intervals is met at every phase of them. */
const pausesMs = Array.from({ length: 10 }, (_, at) => at * 50);

/** Everything on `rows` rows, from an empty database on; then the database is read again and compared. */
export async function runRound(visit: Visit, entry: Entry, sizes: Sizes, rate: number): Promise<ClientRound> {
  const { rows } = sizes;
  const does = (part: Entry['parts'][number]) => entry.parts.includes(part);
  const round: ClientRound = {};

  const fill = async () => {
    const all = await visit.measured('receive', (page) =>
      page.evaluate((count) => window.benchPage.receiveAll(count), rows),
    );
    // A new database is still busy with itself for a moment.
    await sleep(300);
    const raised = await visit.measured('raised', (page) =>
      page.evaluate((count) => window.benchPage.receiveRaised(count), rows),
    );
    await visit.step('rest', (page) => page.evaluate(() => window.benchPage.rest()));
    return { all, raised };
  };
  if (does('receive')) await visit.throttle(rate);
  const { all, raised } = await fill();
  if (does('receive')) {
    round.allVisible = all.visible;
    round.raisedVisible = raised.visible;
    if (entry.keepsRows) {
      round.allDurable = all.durable;
      round.raisedDurable = raised.durable;
    }
  }
  if (does('read') && entry.keepsRows) round.reload = await reload(visit, rows, sizes.reloads);

  await visit.throttle(1);
  await visit.load();
  if (!entry.keepsRows) await fill();
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
    round.queue = await visit.measured('queue', (page) =>
      page.evaluate((list) => window.benchPage.queue(list), queued),
    );
    changes.push(...queued);
  }
  await visit.throttle(1);
  await expectStored(visit, { count: rows, raised: true, rows: entry.keepsRows, changes });
  return round;
}

/** Puts many rows where `openMany` will find them. */
export async function fillMany(visit: Visit, { keepsRows }: Entry, count: number): Promise<void> {
  await visit.step('receive-many', (page) => page.evaluate((n) => window.benchPage.receiveAll(n), count));
  await visit.step('rest', (page) => page.evaluate(() => window.benchPage.rest()));
  if (keepsRows) await expectStored(visit, { count, raised: false, rows: true, changes: [] });
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
    await fillMany(visit, entry, sizes.manyRows);
  }
  await sleep(500);
  round.heap = await visit.heapBytes();
  return round;
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
async function expectStored(visit: Visit, expected: Expected): Promise<void> {
  await visit.load();
  const faults = await visit.step('compare', (page) =>
    page.evaluate((what) => window.benchPage.faults(what), expected),
  );
  if (faults.length > 0) throw new Error(`after a reload: ${faults.slice(0, 5).join('; ')} (${faults.length} in all)`);
}

/** Deliveries of one status to another. */
function changesFrom(status: number, to: number, count: number): (Change & { from: string })[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ id: deliveryAt(status + at * 20, 1).id, from: statusAt(status), status: statusAt(to) },
  }));
}
