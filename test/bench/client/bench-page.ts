import type { Contestant, Open } from './contestant.ts';
import {
  type Change,
  deliveries,
  type Delivery,
  isRaised,
  type Question,
  raisedDeliveries,
  statuses,
} from './delivery.ts';
import { Screen } from './screen.ts';

export interface Received {
  /** Milliseconds until the live query showed all of it. */
  readonly visible: number;
  readonly durable: number;
}

/** What should be stored by now. */
export interface Expected {
  readonly count: number;
  readonly raised: boolean;
  /** False: only the changes are kept, for whoever keeps no rows. */
  readonly rows: boolean;
  readonly changes: readonly Change[];
}

/** What the server is about to say. */
interface Coming {
  readonly screen: Screen;
  readonly take: () => Promise<void>;
  readonly isThere: (rows: readonly Delivery[]) => boolean;
}

/** The list that somebody looks at while all this happens: a twentieth of the rows. */
const watched: Question = { field: 'status', value: statuses[7] ?? '' };

/** What a contestant's page offers to the bench. Times are in milliseconds and taken in the page. */
export class BenchPage {
  readonly #open: () => Promise<Contestant>;
  #opened: Promise<Contestant> | undefined;
  #screen: Screen | undefined;
  #coming: Coming | undefined;
  /** From the start of the navigation to the answer of `?ask=field:value`. */
  readonly firstAnswer: Promise<{ ms: number; rows: number }> | undefined;

  constructor(open: Open, parameters: URLSearchParams) {
    this.#open = () => open(parameters.get('variant') ?? '');
    const ask = parameters.get('ask');
    if (ask !== null) this.firstAnswer = this.#ask(ask);
  }

  /** Gets ready what the server will say: `count` new rows, or the tenth of them that it has changed. */
  async prepare(what: 'all' | 'raised', count: number): Promise<void> {
    const rows = what === 'all' ? deliveries(count) : raisedDeliveries(count);
    const shown = rows.filter(({ status }) => status === watched.value).length;
    const { contestant, screen } = await this.#ready();
    this.#coming = {
      ...{ screen, take: contestant.receive(rows) },
      isThere: (list) => (what === 'all' ? list.length : list.filter(isRaised).length) === shown,
    };
  }

  /** Receives what is ready. */
  async receive(): Promise<Received> {
    if (!this.#coming) throw new Error('nothing is ready');
    const { screen, take, isThere } = this.#coming;
    const started = performance.now();
    const shown = screen.until(isThere);
    const durable = take().then(() => performance.now());
    return { visible: (await shown) - started, durable: (await durable) - started };
  }

  /** Each change alone, into the list that is open: until it is durable and shown. */
  async mutate(changes: readonly Change[], pausesMs: readonly number[]): Promise<number[]> {
    const { contestant, screen } = await this.#ready();
    await screen.until((rows) => rows.length > 0);
    const times: number[] = [];
    for (const [at, change] of changes.entries()) {
      await sleep(pausesMs[at % pausesMs.length] ?? 0);
      const started = performance.now();
      const shown = screen.until((rows) => rows.some(({ id }) => id === change.id));
      const durable = contestant.mutate(change).then(() => performance.now());
      times.push(Math.max(await shown, await durable) - started);
    }
    return times;
  }

  /** With a live query open for every status: from one change to the calls of the two that it concerns. */
  async mutateWatched(changes: readonly (Change & { readonly from: string })[]): Promise<number[]> {
    const contestant = await this.#contestant();
    this.#screen?.close();
    this.#screen = undefined;
    const screens = openScreens(contestant);
    await Promise.all([...screens.values()].map((screen) => screen.until((rows) => rows.length > 0)));
    const times: number[] = [];
    for (const { from, ...change } of changes) {
      const isIn = (rows: readonly Delivery[]) => rows.some(({ id }) => id === change.id);
      const started = performance.now();
      const left = screens.get(from)?.until((rows) => !isIn(rows));
      const came = screens.get(change.status)?.until(isIn);
      const durable = contestant.mutate(change);
      times.push(Math.max((await left) ?? 0, (await came) ?? 0) - started);
      await durable;
      // Whoever writes in the background has the time for it now, not in the next measurement.
      await sleep(50);
    }
    for (const screen of screens.values()) screen.close();
    return times;
  }

  /** All at once: until the last one's promise says that it is durable. */
  async queue(changes: readonly Change[]): Promise<number> {
    const { contestant, screen } = await this.#ready();
    await screen.until((rows) => rows.length > 0);
    const started = performance.now();
    await (contestant.queue?.(changes) ?? Promise.all(changes.map((change) => contestant.mutate(change))));
    return performance.now() - started;
  }

  /**
   * What is not as it should be in the rows of all live queries together; nothing when all is well.
   *
   * @param patienceMs when nothing has come for so long, nothing more does.
   */
  async faults({ count, raised, rows, changes }: Expected, patienceMs: number): Promise<string[]> {
    const contestant = await this.#contestant();
    const expected = new Map(deliveries(count).map((row) => [row.id, row]));
    if (raised) for (const row of raisedDeliveries(count)) expected.set(row.id, row);
    const changed = new Set(changes.map(({ id }) => id));
    for (const { id, status } of changes) expected.set(id, { ...(expected.get(id) as Delivery), status });
    const wanted = [...expected.values()].filter(({ id }) => rows || changed.has(id));

    const screens = openScreens(contestant);
    const all = Promise.all(
      [...screens].map(([status, screen]) => {
        const least = wanted.filter((row) => row.status === status).length;
        return screen.until((list) => list.length >= least);
      }),
    );
    await untilIdle(all, patienceMs, () => [...screens.values()].reduce((sum, screen) => sum + screen.rows.length, 0));
    const found = new Map([...screens.values()].flatMap((screen) => screen.rows).map((row) => [row.id, row]));
    for (const screen of screens.values()) screen.close();
    const faults = wanted.flatMap((row) => {
      const there = found.get(row.id);
      if (!there) return [`${row.id} is missing`];
      const fields = Object.keys(row) as (keyof Delivery)[];
      return fields
        .filter((field) => there[field] !== row[field])
        .map((field) => `${row.id} has ${field} ${there[field]} and not ${row[field]}`);
    });
    if (rows && found.size > wanted.length) faults.push(`${found.size} rows and not ${wanted.length}`);
    return faults;
  }

  /** Keeps one indexed live query open, as an app would. */
  async look(): Promise<number> {
    const { screen } = await this.#ready();
    await screen.until((rows) => rows.length > 0);
    return screen.rows.length;
  }

  async #ask(ask: string): Promise<{ ms: number; rows: number }> {
    const [field = '', value = ''] = ask.split(':');
    const screen = new Screen(await this.#contestant(), { field: field as Question['field'], value });
    const ms = await screen.until((rows) => rows.length > 0);
    return { ms, rows: screen.rows.length };
  }

  async #ready(): Promise<{ contestant: Contestant; screen: Screen }> {
    const contestant = await this.#contestant();
    this.#screen ??= new Screen(contestant, watched);
    return { contestant, screen: this.#screen };
  }

  #contestant(): Promise<Contestant> {
    return (this.#opened ??= this.#open());
  }
}

/** Called by each contestant's entry. */
export function offer(open: Open): void {
  Object.assign(globalThis, { benchPage: new BenchPage(open, new URLSearchParams(location.search)) });
}

function openScreens(contestant: Contestant): Map<string, Screen> {
  return new Map(statuses.map((value) => [value, new Screen(contestant, { field: 'status', value })]));
}

/** Resolves with `done`, or when nothing has been added for a while: slow is not lost. */
async function untilIdle(done: Promise<unknown>, patienceMs: number, shown: () => number): Promise<void> {
  let isDone = false;
  const ending = done.then(() => (isDone = true));
  for (let before = -1; !isDone && shown() > before;) {
    before = shown();
    await Promise.race([ending, sleep(patienceMs)]);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
