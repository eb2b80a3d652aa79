import { fieldsOf, type Model } from '../model/index.ts';
import { getScopes, getShapes, putMeta, type ScopeSums, type Shapes } from '../store/meta.ts';
import type { Store, Transaction } from '../store/store.ts';
import { indexEntries } from './index-values.ts';
import type { StoredRow } from './stored-row.ts';

/** Rows that are indexed again in one transaction: few enough that nobody who wants the store waits long. */
const sliceRows = 250;

/**
 * Takes up a model on what is on disk. Rows that lack a field of it are wanted again from the server, and shown until
 * they come; an index that is new can be used once {@link indexRows} has been through. The log is not touched.
 */
export async function takeUpModel(tx: Transaction, model: Model): Promise<void> {
  const scopes = await getScopes(tx);
  const { shapes, stale } = shapesFor(model, await getShapes(tx), scopes);
  await putMeta(tx, 'shapes', shapes);
  if (!stale) return;
  const wanted = Object.entries(scopes).map(([scope, sum]) => [scope, { ...sum, stale: true }] as const);
  await putMeta(tx, 'scopes', Object.fromEntries(wanted));
}

/** What rows are written for from now on, whether that is as before, and whether those on disk lack a field of it. */
export function shapesFor(model: Model, before: Shapes, scopes: ScopeSums) {
  const empty = Object.keys(scopes).length === 0;
  const shapes: Record<string, Shapes[string]> = {};
  let stale = false;
  for (const [name, { schema, indexes }] of Object.entries(model.collections)) {
    const [fields, known] = [fieldsOf(schema), before[name]];
    stale ||= !empty && fields.some((field) => known?.fields.includes(field) !== true);
    // From now on rows are written with the model's indexes: others would go out of date.
    shapes[name] = { fields, indexes: empty ? indexes : indexes.filter((field) => known?.indexes.includes(field)) };
  }
  return { shapes, stale, same: JSON.stringify(shapes) === JSON.stringify(before) };
}

/** The collections whose rows lack an index of the model. */
export function unindexed(model: Model, shapes: Shapes): string[] {
  return Object.entries(model.collections)
    .filter(([name, { indexes }]) => indexes.some((field) => shapes[name]?.indexes.includes(field) !== true))
    .map(([name]) => name);
}

/** Indexes a collection's rows again, slice by slice; a crash in between costs nothing but doing it again. */
export async function indexRows(store: Store, model: Model, collection: string): Promise<Shapes> {
  const indexes = model.collections[collection]?.indexes ?? [];
  let after: string | undefined = '';
  while (after !== undefined) {
    const from: string = after;
    after = await store.transaction(['rows'], 'write', (tx) => indexSlice(tx, collection, indexes, from));
  }
  return store.transaction(['meta'], 'write', async (tx) => {
    const shapes = await getShapes(tx);
    const fields = shapes[collection]?.fields ?? [];
    const indexed = { ...shapes, [collection]: { fields, indexes } };
    await putMeta(tx, 'shapes', indexed);
    return indexed;
  });
}

/** @returns the id to go on from; undefined when there are no more rows. */
async function indexSlice(
  tx: Transaction,
  collection: string,
  fields: readonly string[],
  from: string,
): Promise<string | undefined> {
  const rows = (await tx.list('rows', { from: [collection, from] }, sliceRows)) as StoredRow[];
  const own = rows.filter((stored) => stored.collection === collection);
  await Promise.all(
    own.map(({ index: _index, ...stored }) => {
      const index = stored.row ? indexEntries(collection, stored.row, fields) : [];
      return tx.put('rows', [collection, stored.id], { ...stored, ...(index.length > 0 && { index }) });
    }),
  );
  const last = own.at(-1);
  // The smallest id behind the last one.
  return last && own.length === sliceRows ? `${last.id}\0` : undefined;
}
