import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { RowChange } from '../commit.ts';
import type { LogEntry } from '../log/entry.ts';
import { collection, defineModel, mutation } from '../model/index.ts';
import { memoryStore } from '../store/memory/index.ts';
import type { Store } from '../store/store.ts';
import { wrapStore } from '../testing/wrap-store.ts';
import { Journal, placeAll } from './journal.ts';
import type { Placing } from './stored-row.ts';
import type { LiveAnswer } from './live-answer.ts';
import type { OptimisticEffects } from './optimistic.ts';
import { compile, type PlainQuery, type PlainRow, type RowEntry } from './query.ts';
import { Replica } from './replica.ts';

const model = defineModel({
  version: 1,
  collections: {
    rows: collection({
      schema: z.object({ id: z.string(), status: z.string(), n: z.nullable(z.number()), x: z.number() }),
      key: 'id',
      indexes: ['status', 'n'],
    }),
  },
  mutations: {
    put: mutation({ args: z.object({ id: z.string(), status: z.string() }) }),
    patch: mutation({ args: z.object({ id: z.string(), status: z.string() }) }),
    drop: mutation({ args: z.object({ id: z.string() }) }),
  },
});
const effects: OptimisticEffects<typeof model> = {
  put: (replica, { id, status }) => replica.put('rows', { id, status, n: 0, x: 0 }),
  patch: (replica, { id, status }) => replica.update('rows', id, { status }),
  drop: (replica, { id }) => replica.delete('rows', id),
};

const indexesOf = () => model.collections.rows.indexes;

const placingOf = ({ id, row }: RowChange): Placing =>
  row ? { collection: 'rows', id, row, scopes: { s: 1 } } : { collection: 'rows', id, row };

type MutationOf = { readonly name: 'put' | 'patch' | 'drop'; readonly id: string; readonly status: string };

/** A replica on a store, and what it ought to show, worked out in the plainest way. */
class Bench {
  readonly base = new Map<string, PlainRow>();
  readonly replica: Replica;
  journal = new Journal();
  /** Collections that were read as a whole. */
  wholeReads = 0;
  /** The disk cannot always be read. */
  mayFail = false;
  uncovered: LogEntry[] = [];
  readonly #store: Store;
  #committed: Promise<void> = Promise.resolve();
  #seq = 0;

  constructor(store: Store) {
    this.#store = wrapStore(store, (tables, mode, body) =>
      store.transaction(tables, mode, (tx) =>
        body({
          ...tx,
          list: (table, range, limit) => {
            if (range && 'first' in range) this.wholeReads += 1;
            return tx.list(table, range, limit);
          },
        }),
      ),
    );
    this.replica = new Replica({
      store: this.#store,
      model,
      effects: effects as unknown as OptimisticEffects<never>,
      journal: () => this.journal,
      foreseen: new Map(),
      indexed: (name) => (store.indexes ? (model.collections[name as 'rows']?.indexes ?? []) : []),
      uncovered: () => this.uncovered,
      failed: (code, error) => {
        if (!this.mayFail) throw new Error(`${code}: ${String(error)}`);
      },
    });
  }

  /** Rows as the server has them now; `shownFirst`: memory hears of it before the disk does. */
  commit(changes: readonly RowChange[], shownFirst: boolean, journaled = false): Promise<void> {
    // Memory takes commits over in their order (device.ts sees to that).
    this.#committed = this.#committed.then(() => this.#commit(changes, shownFirst, journaled));
    return this.#committed;
  }

  /** Puts the journal's rows in their places, one by one. */
  settle(): Promise<void> {
    this.#committed = this.#committed.then(async () => {
      for (const placing of this.journal.placings()) {
        await this.#store.transaction(['rows'], 'write', (tx) => placeAll(tx, [placing], indexesOf));
      }
      this.journal = new Journal();
      this.replica.renew();
    });
    return this.#committed;
  }

  async #commit(changes: readonly RowChange[], shownFirst: boolean, journaled: boolean): Promise<void> {
    for (const { id, row } of changes) {
      if (row) this.base.set(id, row);
      else this.base.delete(id);
    }
    const placings = changes.map(placingOf);
    const absorb = () => {
      if (journaled || !this.journal.isEmpty) this.journal.add(placings);
      this.replica.absorb({ rows: changes });
    };
    const inPlace = !journaled && this.journal.isEmpty;
    await this.#store.transaction(['rows'], 'durable', async (tx) => {
      if (shownFirst) absorb();
      if (inPlace) await placeAll(tx, placings, indexesOf);
    });
    if (!shownFirst) absorb();
  }

  /** Another tab does so. */
  write(changes: readonly RowChange[]): Promise<void> {
    const placings = changes.map(placingOf);
    return this.#store.transaction(['rows'], 'durable', (tx) => placeAll(tx, placings, indexesOf));
  }

  mutate(one: MutationOf): void {
    this.add(one);
    this.replica.absorb({});
  }

  /** The log has one more; the replica has not heard of it yet. */
  add({ name, id, status }: MutationOf): void {
    this.#seq += 1;
    const args = name === 'drop' ? { id } : { id, status };
    this.uncovered = [
      ...this.uncovered,
      { seq: this.#seq, id: this.#seq, key: `k${this.#seq}`, name, args, at: '2026-11-26T00:00:00Z', model: 1 },
    ];
  }

  visible(): Map<string, PlainRow> {
    const rows = new Map(this.base);
    for (const { name, args } of this.uncovered) {
      const { id, status } = args as MutationOf;
      const row = rows.get(id);
      if (name === 'put') rows.set(id, { id, status, n: 0, x: 0 });
      if (name === 'patch' && row) rows.set(id, { ...row, status });
      if (name === 'drop') rows.delete(id);
    }
    return rows;
  }

  expected(query: PlainQuery): PlainRow[] {
    const { matches, compare, limit } = compile(query);
    const entries: RowEntry[] = [...this.visible()].filter(([, row]) => matches(row)).sort(compare);
    return entries.slice(0, limit).map(([, row]) => row);
  }
}

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const status = fc.constantFrom('open', 'done', 'late');
const n = fc.constantFrom(null, -1, 0, 1, 2, 3);
const row = fc.record({ id, status, n, x: fc.constantFrom(0, 1) });
const query: fc.Arbitrary<PlainQuery> = fc.record(
  {
    where: fc.record(
      {
        id: fc.oneof(id, fc.record({ in: fc.array(id, { maxLength: 3 }) })),
        status: fc.oneof(status, fc.record({ in: fc.array(status, { maxLength: 2 }) })),
        n: fc.oneof(n, fc.record({ gte: fc.integer({ min: -1, max: 3 }), lt: fc.integer({ min: -1, max: 4 }) })),
        x: fc.constantFrom(0, 1),
      },
      { requiredKeys: [] },
    ),
    orderBy: fc.constantFrom('n', '-n', 'status', ['-status', 'n'], '-id'),
    limit: fc.integer({ min: 0, max: 4 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<PlainQuery>;

type Step = (bench: Bench) => Promise<void> | void;

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.array(fc.tuple(row, fc.boolean()), { minLength: 1, maxLength: 3 }), fc.boolean(), fc.boolean()).map(
    ([rows, shownFirst, journaled]): Step =>
      (bench) =>
        bench.commit(
          rows.map(([one, there]) => ({ collection: 'rows', id: one.id, row: there ? one : null })),
          shownFirst,
          journaled,
        ),
  ),
  fc.constant<Step>((bench) => bench.settle()),
  fc.record({ name: fc.constantFrom('put' as const, 'patch' as const, 'drop' as const), id, status }).map(
    (one): Step =>
      (bench) =>
        bench.mutate(one),
  ),
  // The first mutation is refused: its effect goes, and the base is as it was.
  fc.constant<Step>((bench) => {
    bench.uncovered = bench.uncovered.slice(1);
    bench.replica.absorb({});
  }),
);

test.for([true, false])(
  'answers are what a plain evaluation gives, whatever happens (indexes: %s)',
  async (indexes) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 8 }),
        fc.array(query, { minLength: 1, maxLength: 4 }),
        fc.array(steps, { maxLength: 12 }),
        fc.scheduler(),
        async (start, queries, run, scheduler) => {
          const memory = await memoryStore()('rows');
          const slow = wrapStore({ ...withIndexes(memory, indexes) }, async (tables, mode, body) => {
            await scheduler.schedule(Promise.resolve(), 'before');
            const result = await memory.transaction(tables, mode, body);
            await scheduler.schedule(Promise.resolve(), 'after');
            return result;
          });
          const bench = new Bench(slow);
          await scheduler.waitFor(
            bench.commit(
              start.map((one) => ({ collection: 'rows', id: one.id, row: one })),
              false,
            ),
          );
          const told = queries.map((): readonly PlainRow[] | undefined => undefined);
          queries.forEach((one, at) => bench.replica.watch('rows', one, ({ rows }) => (told[at] = rows)));
          const working = run.map(async (step) => {
            await scheduler.schedule(Promise.resolve(), 'step');
            await step(bench);
          });
          await scheduler.waitFor(Promise.all(working));
          await scheduler.waitIdle();
          for (const [at, one] of queries.entries()) {
            expect(told[at]).toEqual(bench.expected(one));
            const read: LiveAnswer = await scheduler.waitFor(bench.replica.read('rows', one));
            expect(read.rows).toEqual(bench.expected(one));
          }
        },
      ),
      { numRuns: 1000 },
    );
  },
);

test('an indexed question reads its rows, and never the whole collection', async () => {
  const bench = new Bench(await memoryStore()('rows'));
  const rows = Array.from({ length: 500 }, (_, at) => ({
    collection: 'rows',
    id: `r${at}`,
    row: { id: `r${at}`, status: at % 10 === 0 ? 'open' : 'done', n: at, x: 0 },
  }));
  await bench.commit(rows, false);
  const lengths: number[] = [];
  bench.replica.watch('rows', { where: { status: 'open' } }, (answer) => lengths.push(answer.rows.length));
  expect((await bench.replica.read('rows', { orderBy: '-n', limit: 10 })).rows[0]).toMatchObject({ n: 499 });
  bench.mutate({ name: 'patch', id: 'r1', status: 'open' });
  await bench.replica.settled();
  bench.mutate({ name: 'put', id: 'new', status: 'open' });
  await bench.commit([{ collection: 'rows', id: 'r10', row: null }], false);
  expect(lengths).toEqual([50, 51, 52, 51]);
  expect(bench.wholeReads).toBe(0);
  await bench.replica.read('rows', { where: { x: 0 } });
  expect(bench.wholeReads).toBe(1);
});

test('rows that stand where a window ends are all in it', async () => {
  const bench = new Bench(await memoryStore()('rows'));
  const rows = Array.from({ length: 200 }, (_, at) => ({
    collection: 'rows',
    id: `r${at + 100}`,
    row: { id: `r${at + 100}`, status: 'open', n: 1, x: 0 },
  }));
  await bench.commit(rows, false);
  const query: PlainQuery = { orderBy: ['n', '-id'], limit: 5 };
  expect((await bench.replica.read('rows', query)).rows).toEqual(bench.expected(query));
});

test('a window is read again only when rows may move up from beyond it', async () => {
  const bench = new Bench(await memoryStore()('rows'));
  const rows = Array.from({ length: 200 }, (_, at) => ({
    collection: 'rows',
    id: `r${at}`,
    row: { id: `r${at}`, status: 'open', n: at, x: 0 },
  }));
  await bench.commit(rows, false);
  let first: unknown;
  bench.replica.watch('rows', { orderBy: 'n', limit: 5 }, (answer) => (first = answer.rows[0]?.['n']));
  for (let at = 0; at < 150; at += 1) {
    await bench.commit([{ collection: 'rows', id: `r${at}`, row: null }], false);
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(first).toBe(150);
});

function withIndexes(store: Store, indexes: boolean): Store {
  return { ...wrapStore(store, (...args) => store.transaction(...args)), indexes };
}

test('a read that began before rows got their places has them too', async () => {
  const store = await memoryStore()('rows');
  let held: Promise<void> | undefined;
  const bench = new Bench(
    wrapStore(store, async (tables, mode, body) => {
      const result = await store.transaction(tables, mode, body);
      if (mode === 'read') await held;
      return result;
    }),
  );
  const row = { id: 'a', status: 'open', n: 1, x: 0 };
  await bench.commit([{ collection: 'rows', id: 'a', row }], false, true);
  let go = () => {};
  held = new Promise((resolve) => (go = resolve));
  const reading = bench.replica.read('rows', { where: { status: 'open' } });
  await new Promise((resolve) => setTimeout(resolve, 0));
  await bench.settle();
  held = undefined;
  go();
  expect((await reading).rows).toEqual([row]);
});

test('an effect does not stand on what is on the screen when the base was read again', async () => {
  const bench = new Bench(await memoryStore()('rows'));
  const row = { id: 'a', status: 'open', n: 1, x: 0 };
  const change = (n: number): RowChange => ({ collection: 'rows', id: 'a', row: { ...row, n } });
  await bench.commit([change(1)], false);
  let told: readonly PlainRow[] = [];
  bench.replica.watch('rows', { where: { status: { in: ['open', 'late'] } } }, ({ rows }) => (told = rows));
  await new Promise((resolve) => setTimeout(resolve));
  // Another tab's, of which this one has heard nothing yet.
  await bench.write([change(2)]);
  bench.add({ name: 'patch', id: 'a', status: 'late' });
  bench.replica.absorb({ base: new Map() });
  await new Promise((resolve) => setTimeout(resolve));
  expect(told).toEqual([{ ...row, status: 'late', n: 2 }]);
});

test('what nobody was told before the base was read again is told to nobody', async () => {
  const store = await memoryStore()('rows');
  let fails = false;
  const bench = new Bench(
    wrapStore(store, async (tables, mode, body) => {
      const isLost = fails;
      await new Promise((resolve) => setTimeout(resolve));
      if (isLost) throw new Error('the disk is away');
      return store.transaction(tables, mode, body);
    }),
  );
  bench.mayFail = true;
  const row = { id: 'a', status: 'open', n: 1, x: 0 };
  let told: readonly PlainRow[] | undefined;
  bench.replica.watch('rows', { where: { status: 'open' } }, ({ rows }) => (told = rows));
  await bench.replica.read('rows', { where: { status: 'open' } });
  // An effect wants a row that cannot be read: until then, nobody is told of the row that has come.
  fails = true;
  bench.mutate({ name: 'patch', id: 'b', status: 'late' });
  bench.replica.absorb({ rows: [{ collection: 'rows', id: 'a', row }] });
  fails = false;
  // That has not got to the disk.
  bench.replica.absorb({ base: new Map() });
  await new Promise((resolve) => setTimeout(resolve, 10));
  bench.replica.absorb({});
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(told).toEqual([]);
});

test('a window is filled however many of its rows the journal, or the overlay, has taken out', async () => {
  const bench = new Bench(await memoryStore()('rows'));
  const rows = Array.from({ length: 200 }, (_, at) => ({
    collection: 'rows',
    id: `r${at + 100}`,
    row: { id: `r${at + 100}`, status: 'open', n: at, x: 0 },
  }));
  await bench.commit(rows, false);
  await bench.commit(
    rows.slice(0, 80).map(({ id }) => ({ collection: 'rows', id, row: null })),
    false,
    true,
  );
  for (const { id } of rows.slice(80, 160)) bench.mutate({ name: 'drop', id, status: '' });
  const query: PlainQuery = { orderBy: 'n', limit: 5 };
  expect((await bench.replica.read('rows', query)).rows).toEqual(bench.expected(query));
});

test('a read from disk counts the journal, also when the whole collection has come into memory meanwhile', async () => {
  const store = await memoryStore()('rows');
  let held: Promise<void> | undefined;
  const bench = new Bench(
    wrapStore(store, async (tables, mode, body) => {
      const result = await store.transaction(tables, mode, body);
      if (mode === 'read') await held;
      return result;
    }),
  );
  const row = { id: 'a', status: 'open', n: 1, x: 0 };
  await bench.commit([{ collection: 'rows', id: 'a', row }], false);
  await bench.commit([{ collection: 'rows', id: 'a', row: null }], false, true);
  let go = () => {};
  held = new Promise((resolve) => (go = resolve));
  const reading = bench.replica.read('rows', { where: { id: 'a' } });
  await new Promise((resolve) => setTimeout(resolve, 0));
  held = undefined;
  expect((await bench.replica.read('rows', {})).rows).toEqual([]);
  go();
  expect((await reading).rows).toEqual([]);
});

test('a row that changes at any moment of a question’s first reading is in its answer', async () => {
  const open = (n: number): RowChange => ({ collection: 'rows', id: 'a', row: { id: 'a', status: 'open', n, x: 0 } });
  const missed: string[] = [];
  for (const [kind, query] of Object.entries<PlainQuery>({ whole: {}, indexed: { where: { status: 'open' } } })) {
    for (let microtasks = 0; microtasks < 60; microtasks += 1) {
      const bench = new Bench(await memoryStore()('rows'));
      await bench.commit([open(1)], false);
      let told: readonly PlainRow[] | undefined;
      bench.replica.watch('rows', query, ({ rows }) => (told = rows));
      for (let turn = 0; turn < microtasks; turn += 1) await Promise.resolve();
      bench.replica.absorb({ rows: [open(2)] });
      await new Promise((resolve) => setTimeout(resolve));
      if (told?.[0]?.['n'] !== 2) missed.push(`${kind}, after ${microtasks} microtasks`);
    }
  }
  expect(missed).toEqual([]);
});
