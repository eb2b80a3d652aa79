import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { sqliteDirectory } from '../../testing/sqlite-directory.ts';
import { storeContract } from '../contract.ts';
import { memoryStore } from '../memory/index.ts';
import { sqliteStore } from '../sqlite/index.ts';
import type { Key, Range, Store, StoreFactory, Table, Transaction } from '../store.ts';
import { encryptedStore } from './index.ts';

const tables: readonly Table[] = ['log', 'rows', 'meta'];

const newKey = () => crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
const key = await newKey();
const { open } = sqliteDirectory();

const cases = storeContract.map((one) => [one.name, one] as const);

describe('over memory, it meets the contract of every store', () => {
  test.for(cases)('%s', async ([, one]) => {
    await expect(one.run(encryptedStore(memoryStore(), { key }))).resolves.toBeUndefined();
  });
});

describe('over SQLite, too', () => {
  test.for(cases)('%s', async ([, one]) => {
    await expect(one.run(encryptedStore(sqliteStore({ open }), { key }))).resolves.toBeUndefined();
  });
});

type Step =
  | { readonly do: 'get'; readonly table: Table; readonly at: number }
  | { readonly do: 'put'; readonly table: Table; readonly at: number; readonly value: unknown }
  | { readonly do: 'delete'; readonly table: Table; readonly at: number }
  | { readonly do: 'clear'; readonly table: Table }
  | {
      readonly do: 'list';
      readonly table: Table;
      readonly from?: number;
      readonly to?: number;
      readonly limit?: number;
    };

interface Work {
  /** Which of the two who have the store open. */
  readonly handle: 0 | 1;
  readonly steps: readonly Step[];
  readonly throws: boolean;
}

const keyAt = (table: Table, at: number): Key =>
  table === 'log' ? at : table === 'meta' ? `name ${at}` : [`c${at % 2}`, `id ${Math.floor(at / 2)}`];

const table = fc.constantFrom(...tables);
const at = fc.nat({ max: 5 });
/** JSON knows no -0. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('get' as const), table, at }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('put' as const), table, at, value: json }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), table, at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), table }) },
  {
    weight: 3,
    arbitrary: fc.record(
      { do: fc.constant('list' as const), table, from: at, to: at, limit: fc.integer({ min: 1, max: 4 }) },
      { requiredKeys: ['do', 'table'] },
    ),
  },
);
const work: fc.Arbitrary<Work> = fc.record({
  handle: fc.constantFrom(0 as const, 1 as const),
  steps: fc.array(step, { minLength: 1, maxLength: 6 }),
  throws: fc.boolean(),
});

async function take(tx: Transaction, one: Step): Promise<unknown> {
  switch (one.do) {
    case 'get':
      return tx.get(one.table, keyAt(one.table, one.at));
    case 'put':
      return tx.put(one.table, keyAt(one.table, one.at), one.value);
    case 'delete':
      return tx.delete(one.table, keyAt(one.table, one.at));
    case 'clear':
      return tx.clear(one.table);
    case 'list': {
      const range: Range = {
        ...(one.from !== undefined && { from: keyAt(one.table, one.from) }),
        ...(one.to !== undefined && { to: keyAt(one.table, one.to) }),
      };
      return tx.list(one.table, range, one.limit);
    }
  }
}

/** Runs a piece of work, and says what it has found. */
async function run(store: Store, { steps, throws }: Work): Promise<unknown> {
  const thrown = new Error('planted');
  let found: unknown;
  await store
    .transaction(tables, 'durable', async (tx) => {
      const answers: unknown[] = [];
      for (const one of steps) answers.push(await take(tx, one));
      found = answers;
      if (throws) throw thrown;
    })
    .catch((error: unknown) => {
      if (error !== thrown) throw error;
    });
  return found;
}

async function contents(store: Store): Promise<unknown> {
  return store.transaction(tables, 'read', (tx) => Promise.all(tables.map((one) => tx.list(one))));
}

test('gives the same answers as a plain store, one after the other, through two handles', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(work, { maxLength: 8 }), async (works) => {
      const factory = encryptedStore(memoryStore(), { key });
      const [plain, one, other] = [await memoryStore()('s'), await factory('s'), await factory('s')];
      for (const piece of works) {
        expect(await run(piece.handle === 0 ? one : other, piece)).toEqual(await run(plain, piece));
      }
      expect(await contents(other)).toEqual(await contents(plain));
    }),
    { numRuns: 150 },
  );
});

test('two handles at once: as if one had come after the other, in some order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(work, { minLength: 2, maxLength: 4 }), async (works) => {
      const factory = encryptedStore(memoryStore(), { key });
      const handles = [await factory('s'), await factory('s')] as const;
      const found = await Promise.all(works.map((piece) => run(handles[piece.handle], piece)));
      const left = await contents(handles[0]);
      const seen = JSON.stringify([found, left]);
      const explained: string[] = [];
      // Each handle's own come in the order in which they were asked.
      for (const order of orders(works)) {
        const plain = await memoryStore()('s');
        const answers: unknown[] = [];
        for (const place of order) answers[place] = await run(plain, works[place] as Work);
        explained.push(JSON.stringify([answers, await contents(plain)]));
      }
      expect(explained).toContain(seen);
    }),
    { numRuns: 200 },
  );
});

/** Every order in which two handles can have taken turns. */
function orders(works: readonly Work[]): number[][] {
  const places = works.map((_, place) => place);
  const of = (handle: 0 | 1) => places.filter((place) => works[place]?.handle === handle);
  const merge = (left: number[], right: number[]): number[][] => {
    const [first, ...rest] = left;
    const [second, ...others] = right;
    if (first === undefined || second === undefined) return [[...left, ...right]];
    return [
      ...merge(rest, right).map((order) => [first, ...order]),
      ...merge(left, others).map((order) => [second, ...order]),
    ];
  };
  return merge(of(0), of(1));
}

/** A store with something in it, and what is really on its disk. */
async function filled(name = 's', factory: StoreFactory = memoryStore()) {
  const store = await encryptedStore(factory, { key })(name);
  await store.transaction(tables, 'durable', async (tx) => {
    await tx.put('log', 1, { seq: 1, key: 'k1', args: { secret: 'rupees' } });
    await tx.put('log', 2, { seq: 2, key: 'k2', args: { secret: 'rupees' } });
    await tx.put('rows', ['deliveries', 'd1'], { collection: 'deliveries', id: 'd1', row: { secret: 'rupees' } });
    await tx.put('meta', 'progress', { secret: 'rupees', revision: 1 });
  });
  return { store, disk: await factory(name), factory };
}

type Raw = Record<string, unknown>;
const rawOf = (disk: Store, table: Table, at: Key) =>
  disk.transaction([table], 'read', async (tx) => (await tx.get(table, at)) as Raw);
const putRaw = (disk: Store, table: Table, at: Key, value: unknown) =>
  disk.transaction([table], 'durable', (tx) => tx.put(table, at, value));

test('nothing that was put is readable on the disk, and the same is never written twice alike', async () => {
  const { disk } = await filled();
  const all = JSON.stringify(await contents(disk));
  expect(all).not.toMatch(/secret|rupees/);
  const [one, two] = [await rawOf(disk, 'log', 1), await rawOf(disk, 'log', 2)];
  expect(String(one['sealed']).slice(0, 12)).not.toBe(String(two['sealed']).slice(0, 12));
});

const flipped = (text: string): string => text.slice(0, -8) + (text.at(-8) === 'A' ? 'B' : 'A') + text.slice(-7);

test.each<[string, (disk: Store) => Promise<void>]>([
  [
    'altered',
    async (disk) => {
      const raw = await rawOf(disk, 'log', 1);
      await putRaw(disk, 'log', 1, { ...raw, sealed: flipped(String(raw['sealed'])) });
    },
  ],
  ['moved', async (disk) => putRaw(disk, 'log', 1, await rawOf(disk, 'log', 2))],
  ['moved with its key', async (disk) => putRaw(disk, 'log', 1, { ...(await rawOf(disk, 'log', 2)), key: 1 })],
  ['replaced by one that is not encrypted', async (disk) => putRaw(disk, 'log', 1, { seq: 1, args: 'forged' })],
  ['cut', async (disk) => putRaw(disk, 'log', 1, { key: 1, sealed: 'AAAA' })],
  ['no base64', async (disk) => putRaw(disk, 'log', 1, { key: 1, sealed: '§' })],
])('a value that was %s is refused', async (_, alter) => {
  const { store, disk } = await filled();
  await alter(disk);
  const read = (body: (tx: Transaction) => Promise<unknown>) => store.transaction(tables, 'read', body);
  await expect(read((tx) => tx.get('log', 1))).rejects.toMatchObject({ code: 'store_broken' });
  await expect(read((tx) => tx.list('log'))).rejects.toMatchObject({ code: 'store_broken' });
  expect(await read((tx) => tx.get('log', 2))).toMatchObject({ key: 'k2' });
});

test('a value that was moved to another table is refused', async () => {
  const { store, disk } = await filled();
  await store.transaction(tables, 'durable', async (tx) => {
    await tx.put('log', 'same', 'of the log');
    await tx.put('meta', 'same', 'of meta');
  });
  await putRaw(disk, 'meta', 'same', await rawOf(disk, 'log', 'same'));
  const read = store.transaction(['meta'], 'read', (tx) => tx.get('meta', 'same'));
  await expect(read).rejects.toMatchObject({ code: 'store_broken' });
});

test('a value of another store is refused, also with the same key of the app', async () => {
  const factory = memoryStore();
  const { store, disk } = await filled('s', factory);
  const other = await filled('other', factory);
  await putRaw(disk, 'log', 1, await rawOf(other.disk, 'log', 1));
  const read = store.transaction(['log'], 'read', (tx) => tx.get('log', 1));
  await expect(read).rejects.toMatchObject({ code: 'store_broken' });
  // The other store's data key does not open here either.
  await putRaw(disk, 'meta', 'encryption', await rawOf(other.disk, 'meta', 'encryption'));
  await expect(encryptedStore(factory, { key })('s')).rejects.toMatchObject({ code: 'wrong_key' });
});

test('a wrong key is said to be one, and changes nothing', async () => {
  const { disk, factory } = await filled();
  const before = await contents(disk);
  const wrong = encryptedStore(factory, { key: await newKey(), formerKeys: [await newKey()] });
  await expect(wrong('s')).rejects.toMatchObject({ code: 'wrong_key' });
  expect(await contents(disk)).toEqual(before);
});

test('what is no key for it is named, before anything is opened', async () => {
  const make = (name: string, usages: KeyUsage[]) => crypto.subtle.generateKey({ name, length: 256 }, false, usages);
  const none = [undefined, 'a secret', newKey(), make('AES-CBC', ['encrypt', 'decrypt'])];
  for (const one of [...none, await make('AES-CBC', ['encrypt', 'decrypt']), await make('AES-GCM', ['encrypt'])]) {
    const opened = vi.fn<StoreFactory>(memoryStore());
    for (const keys of [{ key: one as CryptoKey }, { key, formerKeys: [one as CryptoKey] }]) {
      await expect(encryptedStore(opened, keys)('s')).rejects.toThrow(
        /^encryptedStore: a key must be .*: is it awaited/,
      );
    }
    expect(opened).not.toHaveBeenCalled();
  }
});

test('what makes no store inside is named', async () => {
  const opening = encryptedStore(memoryStore as never, { key })('s');
  await expect(opening).rejects.toThrow('encryptedStore: inner gave no store: is it idbStore without ()?');
});

test('so it is where nobody has a DOMException', async () => {
  const { factory } = await filled();
  const decrypt: SubtleCrypto['decrypt'] = (...given) =>
    crypto.subtle.decrypt(...given).catch((error: DOMException) => {
      throw Object.assign(new Error(error.message), { name: error.name });
    });
  const subtle = {
    decrypt,
    encrypt: crypto.subtle.encrypt.bind(crypto.subtle),
    importKey: crypto.subtle.importKey.bind(crypto.subtle),
  };
  const foreign = { getRandomValues: crypto.getRandomValues.bind(crypto), subtle } as Crypto;
  vi.stubGlobal('DOMException', undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  const wrong = encryptedStore(factory, { key: await newKey(), formerKeys: [await newKey()], crypto: foreign });
  await expect(wrong('s')).rejects.toMatchObject({ code: 'wrong_key' });
  const right = encryptedStore(factory, { key: await newKey(), formerKeys: [key], crypto: foreign });
  await (await right('s')).close();
});

test('a key record that is gone, or says what it did not, is no fresh store', async () => {
  const { disk, factory } = await filled();
  const record = await rawOf(disk, 'meta', 'encryption');
  const opening = () => encryptedStore(factory, { key })('s');
  await putRaw(disk, 'meta', 'encryption', { ...record, plain: true });
  await expect(opening()).rejects.toMatchObject({ code: 'wrong_key' });
  await putRaw(disk, 'meta', 'encryption', { ...record, format: 2 });
  await expect(opening()).rejects.toMatchObject({ code: 'store_too_new' });
  await putRaw(disk, 'meta', 'encryption', { ...record, key: '§' });
  await expect(opening()).rejects.toMatchObject({ code: 'store_broken' });
  await disk.transaction(['meta'], 'durable', (tx) => tx.delete('meta', 'encryption'));
  await expect(opening()).rejects.toMatchObject({ code: 'store_broken' });
});

test('the app’s key changes with one small write; who has the store open goes on', async () => {
  const { store, disk, factory } = await filled();
  const next = await newKey();
  const sealed = await rawOf(disk, 'log', 1);
  const changed = await encryptedStore(factory, { key: next, formerKeys: [key] })('s');
  expect(await rawOf(disk, 'log', 1)).toEqual(sealed);
  expect(await contents(changed)).toEqual(await contents(store));
  await store.transaction(['log'], 'durable', (tx) => tx.put('log', 3, { seq: 3 }));
  const again = await encryptedStore(factory, { key: next })('s');
  expect(await again.transaction(['log'], 'read', (tx) => tx.get('log', 3))).toEqual({ seq: 3 });
  await expect(encryptedStore(factory, { key })('s')).rejects.toMatchObject({ code: 'wrong_key' });
});

test('who has a store open that another has destroyed and begun anew goes on with the new one', async () => {
  const { store, factory } = await filled();
  const other = await encryptedStore(factory, { key })('s');
  await other.destroy();
  const put = (on: Store, seq: number) => on.transaction(['log'], 'durable', (tx) => tx.put('log', seq, { seq }));
  await put(store, 4);
  expect(await contents(store)).toEqual([[{ seq: 4 }], [], []]);
  await (await encryptedStore(factory, { key })('s')).destroy();
  const anew = await encryptedStore(factory, { key })('s');
  await put(anew, 5);
  await put(store, 6);
  expect(await contents(anew)).toEqual([[{ seq: 5 }, { seq: 6 }], [], []]);
});

test('a body that was overtaken runs again; what it made of what it read is not believed', async () => {
  const { factory } = await filled();
  const [one, other] = await Promise.all([0, 1].map(() => encryptedStore(factory, { key })('s')));
  let runs = 0;
  const result = await one?.transaction(tables, 'durable', async (tx) => {
    runs += 1;
    const first = await tx.get('log', 1);
    if (runs === 1) await other?.transaction(['log'], 'durable', (inner) => inner.put('log', 1, { seq: 1, new: true }));
    // Refused in the first run, which this body does not care about.
    const second = await tx.get('log', 1).catch(() => 'nothing');
    await tx.put('meta', 'seen', [first, second]);
    return [first, second];
  });
  expect(runs).toBe(2);
  expect(result).toEqual([
    { seq: 1, new: true },
    { seq: 1, new: true },
  ]);
});

test('what is read in one transaction was there at one moment, also when nothing is written', async () => {
  const { factory } = await filled();
  const [one, other] = [await encryptedStore(factory, { key })('s'), await encryptedStore(factory, { key })('s')];
  let runs = 0;
  const found = await one.transaction(['log'], 'read', async (tx) => {
    runs += 1;
    const first = (await tx.get('log', 1)) as { key: string };
    if (runs === 1) {
      await other.transaction(['log'], 'durable', async (inner) => {
        await inner.put('log', 1, { seq: 1, key: 'new' });
        await inner.put('log', 2, { seq: 2, key: 'new' });
      });
    }
    // A body may make whatever it likes of a read that is refused.
    const second = (await tx.get('log', 2).catch(() => ({ key: 'refused' }))) as { key: string };
    return [first.key, second.key];
  });
  expect(found).toEqual(['new', 'new']);
  expect(runs).toBe(2);
});

test('says that there are no indexes', async () => {
  const { store } = await filled();
  expect(store.indexes).toBe(false);
});
