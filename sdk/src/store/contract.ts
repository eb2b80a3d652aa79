import type { IndexValue, Key, Store, StoreFactory, Table, Transaction } from './store.ts';

/** One thing every store must do. */
export interface ContractCase {
  readonly name: string;
  /**
   * @param open opens the store to be examined. It is called with a name of the case's own, also more than once at a time,
   * and what is there of that name is destroyed at the end.
   * @throws Error that says what was expected and what came instead.
   */
  run(open: StoreFactory): Promise<void>;
}

const tables: readonly Table[] = ['log', 'rows', 'meta'];

function same(actual: unknown, expected: unknown, what: string): void {
  const [got, want] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (got !== want) throw new Error(`${what}: expected ${want}, got ${got}`);
}

async function refused(work: Promise<unknown>, what: string): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error(`${what}: expected a refusal`);
}

const put = (store: Store, table: Table, entries: readonly (readonly [Key, unknown])[]): Promise<void> =>
  store.transaction([table], 'durable', async (tx) => {
    for (const [key, value] of entries) await tx.put(table, key, value);
  });
const list = (store: Store, table: Table, ...args: [Parameters<Transaction['list']>[1]?, number?]) =>
  store.transaction([table], 'read', (tx) => tx.list(table, ...args));
const get = (store: Store, table: Table, key: Key) => store.transaction([table], 'read', (tx) => tx.get(table, key));

let names = 0;

/** A case on a store of its own, destroyed afterwards. */
function oneStore(name: string, body: (store: Store, again: () => Promise<Store>) => Promise<void>): ContractCase {
  return {
    name,
    run: async (open) => {
      const storeName = `contract ${(names += 1)} ${name}`;
      const opened: Store[] = [];
      const again = async () => {
        const store = await open(storeName);
        opened.push(store);
        return store;
      };
      try {
        await body(await again(), again);
      } finally {
        for (const store of opened) await store.close();
      }
      const left = await open(storeName);
      await left.destroy();
    },
  };
}

/** A case on a store that has indexes; one that has none must say so. */
function indexedStore(name: string, body: (store: Store) => Promise<void>): ContractCase {
  return oneStore(name, async (store) => {
    if (store.indexes) await body(store);
    else await refused(list(store, 'rows', { index: ['c', 'f'] }), 'a list by index');
  });
}

/**
 * The contract of {@link Store}, for the tests of whoever writes one.
 *
 * @example
 * import { storeContract } from '@ekbaar/sdk/testing';
 * import { test } from 'vitest';
 *
 * for (const { name, run } of storeContract) test(name, () => run(myStore()));
 */
export const storeContract: readonly ContractCase[] = [
  oneStore('gives back what was put, and undefined for what was not', async (store) => {
    await put(store, 'meta', [['a', { deep: [1, 'two', null, { three: true }] }]]);
    same(await get(store, 'meta', 'a'), { deep: [1, 'two', null, { three: true }] }, 'value');
    same((await get(store, 'meta', 'b')) === undefined, true, 'missing value');
  }),
  oneStore('keeps no tie to the object that was put or given', async (store) => {
    const value = { list: [1] };
    await put(store, 'meta', [['a', value]]);
    value.list.push(2);
    const given = (await get(store, 'meta', 'a')) as typeof value;
    given.list.push(3);
    same(await get(store, 'meta', 'a'), { list: [1] }, 'value');
  }),
  oneStore('lists numbers by size, within bounds, up to a limit', async (store) => {
    await put(
      store,
      'log',
      [10, 9, 2, 100, 1].map((key) => [key, key]),
    );
    same(await list(store, 'log'), [1, 2, 9, 10, 100], 'all');
    same(await list(store, 'log', { from: 2, to: 10 }), [2, 9, 10], 'between');
    same(await list(store, 'log', { from: 9 }, 2), [9, 10], 'limited');
    same(await list(store, 'log', { to: 2 }), [1, 2], 'up to');
  }),
  oneStore('lists pairs by their first part', async (store) => {
    const pairs: [string, string][] = [
      ['b', '1'],
      ['a', '\uffff'],
      ['a', ''],
      ['ab', '1'],
      ['a', '2'],
    ];
    await put(
      store,
      'rows',
      pairs.map((key) => [key, key]),
    );
    const ofA = [
      ['a', ''],
      ['a', '2'],
      ['a', '\uffff'],
    ];
    same(await list(store, 'rows', { first: 'a' }), ofA, 'of a');
    same(await list(store, 'rows'), [...ofA, ['ab', '1'], ['b', '1']], 'all');
  }),
  indexedStore('lists rows by an index: within bounds, in its order, from either end, up to a limit', async (store) => {
    const row = (id: string, ...values: readonly IndexValue[]) => ({
      id,
      index: values.map((value) => ['c', 'f', value]),
    });
    await put(store, 'rows', [
      [['c', 'r1'], row('r1', 10)],
      [['c', 'r2'], row('r2', 9)],
      [['c', 'r3'], row('r3', 'b')],
      [['c', 'r4'], row('r4', -1.5)],
      [['c', 'r0'], row('r0', 10)],
      [['c', 'none'], { id: 'none' }],
      [['c', 'other'], { id: 'other', index: [['c', 'g', 10]] }],
      [['c2', 'r5'], { id: 'r5', index: [['c2', 'f', 10]] }],
    ]);
    const ids = async (range: object, limit?: number) => {
      const found = (await list(store, 'rows', { index: ['c', 'f'], ...range }, limit)) as { id: string }[];
      return found.map(({ id }) => id).join();
    };
    same(await ids({}), 'r4,r2,r0,r1,r3', 'all');
    same(await ids({ from: 10, to: 10 }), 'r0,r1', 'equal');
    same(await ids({ from: 9 }, 2), 'r2,r0', 'from, limited');
    same(await ids({ to: 9 }), 'r4,r2', 'up to');
    same(await ids({ desc: true }), 'r3,r1,r0,r2,r4', 'backwards');
    same(await ids({ desc: true, to: 10 }, 2), 'r1,r0', 'backwards, limited');
    same(await ids({ from: 'a', to: 'z' }), 'r3', 'strings');
  }),
  indexedStore('orders an index’s strings by code unit, whatever is in them', async (store) => {
    const values = [
      '',
      'a',
      'a\u0000',
      'a\u0000b',
      'ab',
      'b',
      'é',
      '\ud7ff',
      '\ud83d\ude00',
      '\ue000',
      '\ufffd',
      '\uffff',
    ];
    await put(
      store,
      'rows',
      values.map((value, at) => [['c', `r${at}`], { value, index: [['c', 'f', value]] }] as const).reverse(),
    );
    const found = (await list(store, 'rows', { index: ['c', 'f'] })) as { value: string }[];
    same(
      found.map(({ value }) => value),
      values,
      'order',
    );
    const smaller = (await list(store, 'rows', { index: ['c', 'f'], to: '\ue000' })) as unknown[];
    same(smaller.length, values.indexOf('\ue000') + 1, 'up to a private character');
  }),
  indexedStore('moves a row in its indexes when it changes, and out of them when it goes', async (store) => {
    const of = async (value: IndexValue) =>
      (await list(store, 'rows', { index: ['c', 'f'], from: value, to: value })).length;
    await put(store, 'rows', [[['c', 'r'], { index: [['c', 'f', 1]] }]]);
    await put(store, 'rows', [[['c', 'r'], { index: [['c', 'f', 2]] }]]);
    same([await of(1), await of(2)], [0, 1], 'after the change');
    await refused(
      store.transaction(['rows'], 'durable', async (tx) => {
        await tx.put('rows', ['c', 'r'], { index: [['c', 'f', 3]] });
        throw new Error('planted');
      }),
      'transaction',
    );
    same([await of(2), await of(3)], [1, 0], 'after a change that was taken back');
    await store.transaction(['rows'], 'durable', (tx) => tx.delete('rows', ['c', 'r']));
    same(await of(2), 0, 'after it went');
    await put(store, 'rows', [[['c', 'r'], { index: [['c', 'f', 4]] }]]);
    same([await of(2), await of(4)], [0, 1], 'after it came back');
  }),
  oneStore('clears a table, or does not when the transaction throws', async (store) => {
    await put(store, 'rows', [
      [['c', 'a'], { index: [['c', 'f', 1]] }],
      [['c', 'b'], {}],
    ]);
    await put(store, 'log', [[1, 'kept']]);
    const clear = (thrown?: Error) =>
      store.transaction(['rows'], 'durable', async (tx) => {
        await tx.clear('rows');
        if (thrown) throw thrown;
      });
    await refused(clear(new Error('planted')), 'transaction');
    same((await list(store, 'rows')).length, 2, 'rows after a clear that was taken back');
    await clear();
    same(await list(store, 'rows'), [], 'rows');
    if (store.indexes) same(await list(store, 'rows', { index: ['c', 'f'] }), [], 'by index');
    same(await list(store, 'log'), ['kept'], 'log');
  }),
  oneStore('is gone after it was destroyed', async (store, again) => {
    await put(store, 'log', [[1, 'one']]);
    await store.destroy();
    await refused(put(store, 'log', [[2, 'two']]), 'a destroyed store');
    same(await list(await again(), 'log'), [], 'log');
  }),
  oneStore('reads its own writes', async (store) => {
    const seen = await store.transaction(tables, 'write', async (tx) => {
      await tx.put('log', 1, 'one');
      await tx.put('log', 2, 'two');
      await tx.delete('log', 1);
      return [await tx.get('log', 2), await tx.list('log')];
    });
    same(seen, ['two', ['two']], 'seen');
  }),
  oneStore('does what is asked together in the order in which it is asked', async (store) => {
    const seen = await store.transaction(tables, 'write', (tx) =>
      Promise.all([
        tx.get('log', 1),
        tx.put('log', 1, 'one'),
        tx.get('log', 1),
        tx.get('log', 2),
        tx.put('log', 2, 'two'),
        tx.list('log'),
        tx.get('log', 2),
        tx.clear('log'),
        tx.get('log', 1),
        tx.put('log', 3, 'three'),
        tx.put('log', 4, 'four'),
        tx.delete('log', 3),
        tx.get('log', 3),
        tx.list('log'),
        tx.get('log', 4),
      ]),
    );
    same(
      seen.filter((value) => value !== undefined),
      ['one', ['one', 'two'], 'two', ['four'], 'four'],
      'seen',
    );
    same(await list(store, 'log'), ['four'], 'log');
  }),
  oneStore('refuses what a transaction was not opened for', async (store) => {
    const reading = (body: (tx: Transaction) => Promise<unknown>) => store.transaction(['log'], 'read', body);
    await refused(
      reading((tx) => tx.put('log', 1, 'one')),
      'a put while reading',
    );
    await refused(
      reading((tx) => tx.get('meta', 'a')),
      'another table',
    );
    let kept: Transaction | undefined;
    await store.transaction(['log'], 'durable', async (tx) => {
      kept = tx;
    });
    await refused(
      Promise.resolve().then(() => kept?.put('log', 1, 'late')),
      'a put after the end',
    );
    same(await list(store, 'log'), [], 'log');
  }),
  oneStore('leaves nothing of a transaction that throws, whatever came before', async (store) => {
    await put(store, 'meta', [['kept', 1]]);
    const thrown = new Error('planted');
    const error = await refused(
      store.transaction(tables, 'durable', async (tx) => {
        await tx.put('meta', 'kept', 2);
        await tx.delete('meta', 'kept');
        await tx.put('log', 1, 'lost');
        await tx.put('rows', ['c', 'r'], 'lost');
        throw thrown;
      }),
      'transaction',
    );
    same(error === thrown, true, 'the body’s own error');
    same(await get(store, 'meta', 'kept'), 1, 'meta');
    same(await list(store, 'log'), [], 'log');
    same(await list(store, 'rows'), [], 'rows');
  }),
  oneStore('leaves nothing when an operation is refused', async (store) => {
    await refused(
      store.transaction(tables, 'durable', async (tx) => {
        await tx.put('log', 1, 'lost');
        await tx.put('log', 2, () => 'no data');
      }),
      'a function as value',
    );
    same(await list(store, 'log'), [], 'log');
  }),
  oneStore('runs writers of the same table one after the other', async (store, again) => {
    const other = await again();
    const increment = (on: Store) =>
      on.transaction(['meta'], 'durable', async (tx) => {
        const next = (((await tx.get('meta', 'n')) as number | undefined) ?? 0) + 1;
        await tx.put('meta', 'n', next);
        return next;
      });
    const given = await Promise.all(Array.from({ length: 20 }, (_, at) => increment(at % 2 === 0 ? store : other)));
    same(new Set(given).size, 20, 'numbers given');
    same(await get(store, 'meta', 'n'), 20, 'the last number');
  }),
  oneStore('holds everything over a close', async (store, again) => {
    await put(store, 'rows', [[['c', 'r'], { n: 1 }]]);
    await store.close();
    same(await get(await again(), 'rows', ['c', 'r']), { n: 1 }, 'row');
  }),
  oneStore('lets what is under way finish, then refuses', async (store, again) => {
    const under = put(store, 'meta', [['a', 1]]);
    await store.close();
    const outcome = await under.then(
      () => 1,
      () => undefined,
    );
    same(await get(await again(), 'meta', 'a'), outcome, 'all or nothing');
    await refused(put(store, 'meta', [['b', 1]]), 'a closed store');
  }),
];
