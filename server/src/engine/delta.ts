import { type Change, type Delta, limits, type ScopeState } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { jsonParameter, type Queryable, rowsOf, textArray } from '../db/database.ts';
import { mayRead, type ReadableScope } from './actor.ts';
import { type CursorState, encodeCursor, type Position } from './cursor.ts';
import type { SyncedTable } from './synced-table.ts';
import { readRows } from './rows.ts';

export interface DeltaRequest {
  readonly tenant: string;
  readonly readable: readonly ReadableScope[];
  /** Only these of the readable scopes; undefined: all of them. The cursor keeps its place in the others. */
  readonly only?: readonly string[] | undefined;
  /** null: everything. */
  readonly cursor: CursorState | null;
  readonly limit: number;
  /** Scopes whose checksum did not fit on the device: sent whole again. */
  readonly diverged: readonly string[];
}

interface Head {
  readonly scope: string;
  readonly version: number;
  readonly rows: number;
  readonly checksum: string;
  readonly floor: number;
}

interface Line {
  readonly scope: string;
  readonly version: number;
  readonly collection: string;
  readonly id: string;
  readonly tag: number;
}

const beginning: Position = { version: 0, line: null, began: 0 };

/**
 * What changed after a cursor in the scopes an actor may read, from one snapshot: `tx` must be a repeatable read.
 *
 * @throws ProblemError `malformed` for a cursor that is none
 */
export async function delta(
  tx: Queryable,
  tables: ReadonlyMap<string, SyncedTable>,
  request: DeltaRequest,
): Promise<Delta> {
  const { cursor } = request;
  const [epoch, heads] = await Promise.all([
    readEpoch(tx),
    readHeads(tx, request.tenant, request.only ?? request.readable),
  ]);
  const { from, elsewhere, reset, dropped } = startingPoints(request, cursor, epoch, heads);

  const wanted = heads.filter((head) => {
    const position = from.get(head.scope) ?? beginning;
    return position.version < head.version || position.line !== null;
  });
  const limit = Math.min(request.limit, limits.changesPerPage);
  const found = await readLines(tx, request.tenant, wanted, from, limit + 1);
  const lines = found.slice(0, limit);
  const more = found.length > limit;

  return {
    changes: await changesOf(tx, tables, request.tenant, lines),
    scopes: Object.fromEntries(heads.map((head) => [head.scope, scopeState(head, more)])),
    reset,
    dropped,
    cursor: encodeCursor({ epoch, scopes: endingPoints(heads, from, elsewhere, lines, more) }),
    more,
  };
}

function scopeState({ version, rows, checksum }: Head, more: boolean): ScopeState {
  return more ? { version } : { version, rows, checksum };
}

async function readEpoch(tx: Queryable): Promise<string> {
  const [row] = await rowsOf<{ value: string }>(tx, sql`select value from sync.settings where name = 'epoch'`);
  if (row === undefined) throw new Error('sync.settings has no epoch: the migrations have not run');
  return row.value;
}

/** Sorted by scope. Named scopes that nothing was ever written to are at version 0. */
async function readHeads(tx: Queryable, tenant: string, readable: readonly ReadableScope[]): Promise<Head[]> {
  const named = readable.filter((scope) => typeof scope === 'string');
  const prefixes = readable.filter((scope) => typeof scope !== 'string').map(({ prefix }) => prefix);
  const rows = await rowsOf<Record<'version' | 'rows' | 'checksum' | 'floor', string | number> & { scope: string }>(
    tx,
    sql`select scope, version, rows, checksum::text as checksum, floor from sync.scopes
        where tenant = ${tenant} and (scope = any(${textArray(named)})
          or exists (select from unnest(${textArray(prefixes)}) p where starts_with(scope, p)))`,
  );
  const heads = new Map<string, Head>(
    named.map((scope) => [scope, { scope, version: 0, rows: 0, checksum: '0', floor: 0 }]),
  );
  for (const { scope, version, rows: count, checksum, floor } of rows) {
    heads.set(scope, {
      scope,
      version: Number(version),
      rows: Number(count),
      checksum: String(checksum),
      floor: Number(floor),
    });
  }
  return [...heads.values()].toSorted((a, b) => (a.scope < b.scope ? -1 : 1));
}

/** Where each scope's traversal goes on, what the cursor says of scopes not asked for, and which scopes the client must forget first. */
function startingPoints(request: DeltaRequest, cursor: CursorState | null, epoch: string, heads: readonly Head[]) {
  const from = new Map<string, Position>();
  const reset: string[] = [];
  for (const { scope, version, floor } of heads) {
    const at = cursor?.scopes.get(scope);
    const lost = at !== undefined && (cursor?.epoch !== epoch || at.version > version || at.began < floor);
    if (lost || request.diverged.includes(scope)) reset.push(scope);
    else if (at !== undefined) from.set(scope, at);
  }
  const elsewhere = new Map<string, Position>();
  const dropped: string[] = [];
  const headed = new Set(heads.map(({ scope }) => scope));
  for (const [scope, at] of cursor?.scopes ?? []) {
    if (headed.has(scope)) continue;
    if (!mayRead(request.readable, scope)) dropped.push(scope);
    else if (cursor?.epoch === epoch && request.only !== undefined) elsewhere.set(scope, at);
    // A scope of another history, or one that this database has never heard of.
    else reset.push(scope);
  }
  return { from, elsewhere, reset, dropped };
}

/** The next lines of the wanted scopes, in order of scope, version, collection and row. */
async function readLines(
  tx: Queryable,
  tenant: string,
  wanted: readonly Head[],
  from: ReadonlyMap<string, Position>,
  limit: number,
): Promise<Line[]> {
  if (wanted.length === 0) return [];
  const positions = wanted.map(({ scope, version: head }, place) => {
    const { version, line, began } = from.get(scope) ?? { ...beginning, began: head };
    // A finished version has no line after it; the empty string sorts before every collection.
    return line === null
      ? { place, scope, began, version: version + 1, collection: '', id: '' }
      : { place, scope, began, version, collection: line.collection, id: line.id };
  });
  const rows = await rowsOf<Omit<Line, 'version' | 'tag'> & { version: string | number; tag: string | number }>(
    tx,
    sql`select l.scope, l.version, l.collection, l.row_id as id, l.tag
        from json_to_recordset(${jsonParameter(positions)}) as p (place int, scope text, began bigint, version bigint, collection text, id text)
        cross join lateral (
          select c.scope, c.version, c.collection, c.row_id, c.tag from sync.changes c
          where c.tenant = ${tenant} and c.scope = p.scope and (c.version, c.collection, c.row_id) > (p.version, p.collection, p.id)
            -- what had left before the traversal began was never sent
            and not (c.tag = 0 and c.version <= p.began)
          order by c.version, c.collection, c.row_id limit ${limit}
        ) l
        order by p.place, l.version, l.collection, l.row_id limit ${limit}`,
  );
  return rows.map((row) => ({ ...row, version: Number(row.version), tag: Number(row.tag) }));
}

async function changesOf(
  tx: Queryable,
  tables: ReadonlyMap<string, SyncedTable>,
  tenant: string,
  lines: readonly Line[],
): Promise<Change[]> {
  const present = Map.groupBy(
    lines.filter(({ tag }) => tag !== 0),
    ({ collection }) => collection,
  );
  const rows = new Map(
    await Promise.all(
      [...present].map(async ([collection, of]) => {
        const table = tables.get(collection);
        const ids = new Set(of.map(({ id }) => id));
        return [collection, table === undefined ? new Map() : await readRows(tx, table, tenant, [...ids])] as const;
      }),
    ),
  );
  return lines.map((line) => {
    const found = line.tag === 0 ? undefined : rows.get(line.collection)?.get(line.id);
    // A row may have moved since its line was written: its columns decide what goes out.
    return { ...line, row: found?.scopes.includes(line.scope) === true ? found.row : null };
  });
}

function endingPoints(
  heads: readonly Head[],
  from: ReadonlyMap<string, Position>,
  elsewhere: ReadonlyMap<string, Position>,
  lines: readonly Line[],
  more: boolean,
): Map<string, Position> {
  // Scopes come in order: all before the page's last one are finished, all after it are where they were.
  const open = more ? lines.at(-1) : undefined;
  let finished = true;
  const ends = new Map(elsewhere);
  for (const { scope, version } of heads) {
    const at = from.get(scope);
    if (scope === open?.scope) {
      finished = false;
      ends.set(scope, {
        version: open.version,
        line: { collection: open.collection, id: open.id },
        began: at?.began ?? version,
      });
    } else if (finished) ends.set(scope, { version, line: null, began: version });
    else if (at !== undefined) ends.set(scope, at);
  }
  return ends;
}
