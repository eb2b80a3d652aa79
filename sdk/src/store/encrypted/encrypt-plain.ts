import { StoreBrokenError } from '../../errors.ts';
import { metaNames } from '../meta.ts';
import type { Key, Store, Table } from '../store.ts';
import type { Vault } from './key-record.ts';
import { isSealed, seal } from './sealed.ts';

const tables: readonly Table[] = ['meta', 'log', 'rows'];
/** How many values are encrypted at once: so few that a crash in between costs little. */
const sliceValues = 200;
const mostPasses = 10;

/** Whether there is anything in a store. @throws StoreBrokenError when it is encrypted, with a key that is gone. */
export function holdsAnything(store: Store): Promise<boolean> {
  return store.transaction(tables, 'read', async (tx) => {
    const first = (await Promise.all(tables.map((table) => tx.list(table, {}, 1)))).flat();
    if (first.some(isSealed))
      throw new StoreBrokenError('The encrypted data on this device, whose key record is gone,');
    return first.length > 0;
  });
}

/**
 * Encrypts what is in a store from before there was a key, slice by slice. It may end at any moment and go on another
 * day, and another tab may do the same: a value is plain or sealed, and the key record says so until all are.
 */
export async function encryptPlain(store: Store, vault: Vault): Promise<void> {
  // A tab that has no key yet may have changed something meanwhile; once `meta` is encrypted, it cannot any more.
  for (let passes = 0; passes < mostPasses; passes += 1) {
    let found = 0;
    for (const table of tables) found += await encryptTable(store, vault, table);
    if (found === 0) return;
  }
  throw unknownValue('meta');
}

/** @returns how many values were found that are not encrypted. */
async function encryptTable(store: Store, vault: Vault, table: Table): Promise<number> {
  let found = 0;
  for (let from: Key | undefined; ;) {
    const slice = await store.transaction([table], 'read', (tx) =>
      tx.list(table, from === undefined ? {} : { from }, sliceValues),
    );
    const plain = slice.filter((value) => !isSealed(value) && !isKeyRecord(table, value));
    found += plain.length;
    await sealAll(store, vault, table, await withKeys(store, table, plain));
    const last = slice.at(-1);
    if (slice.length < sliceValues || table === 'meta' || last === undefined) return found;
    from = isSealed(last) ? last.key : keyOf(table, last);
  }
}

async function sealAll(
  store: Store,
  { cipher }: Vault,
  table: Table,
  values: readonly { key: Key; value: unknown }[],
): Promise<void> {
  if (values.length === 0) return;
  const found = values.map(({ key, value }) => ({ key, json: JSON.stringify(value) }));
  const sealed = await Promise.all(found.map(({ key, json }) => seal(cipher, table, key, json)));
  await store.transaction([table], 'durable', async (tx) => {
    const now = await Promise.all(found.map(({ key }) => tx.get(table, key)));
    // What another tab has changed or encrypted meanwhile is looked at again.
    const same = sealed.filter((_, at) => JSON.stringify(now[at]) === found[at]?.json);
    await Promise.all(same.map((value) => tx.put(table, value.key, value)));
  });
}

/** Values come without their keys; those of this SDK tell theirs. */
async function withKeys(
  store: Store,
  table: Table,
  plain: readonly unknown[],
): Promise<readonly { key: Key; value: unknown }[]> {
  if (table !== 'meta') return plain.map((value) => ({ key: keyOf(table, value), value }));
  const named = await store.transaction(['meta'], 'read', (tx) =>
    Promise.all(metaNames.map(async (key) => ({ key, value: await tx.get('meta', key) }))),
  );
  const found = named.filter(({ value }) => value !== undefined && !isSealed(value));
  if (found.length < plain.length) throw unknownValue(table);
  return found;
}

function keyOf(table: Table, value: unknown): Key {
  const { seq, collection, id } = value as { seq?: unknown; collection?: unknown; id?: unknown };
  if (table === 'log' && typeof seq === 'number') return seq;
  if (table === 'rows' && typeof collection === 'string' && typeof id === 'string') return [collection, id];
  throw unknownValue(table);
}

function isKeyRecord(table: Table, value: unknown): boolean {
  return table === 'meta' && typeof value === 'object' && value !== null && 'format' in value;
}

function unknownValue(table: Table): StoreBrokenError {
  return new StoreBrokenError(`A value in the table ${table} of this device, which is not one of the SDK's,`);
}
