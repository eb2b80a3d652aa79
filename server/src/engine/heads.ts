import { sql } from 'drizzle-orm';
import { type Queryable, readsOnly, rowsOf, textArray } from '../db/database.ts';
import { actorPrefix, type ReadableScope } from './actor.ts';

/** A scope as it stands in a snapshot. */
export interface Head {
  readonly scope: string;
  readonly version: number;
  readonly rows: number;
  /** The decimal sum of its rows' tags. */
  readonly checksum: string;
  /** Tombstones at or below this version may be gone. */
  readonly floor: number;
}

/** What a delta must know before it reads a line: all of one snapshot. */
export interface Heads {
  /** The id of this database's history. */
  readonly epoch: string;
  /** How far the client's log has come; 0 for a client never seen, and where none was asked for. */
  readonly lastMutationId: number;
  /** Whether writes of the tenant wait for their versions: rows may be newer than the heads say. */
  readonly unpublished: boolean;
  /** Sorted by scope. */
  readonly heads: readonly Head[];
}

/**
 * Reads the heads of the scopes that an actor may read, in one statement. Named scopes that nothing was ever written to
 * are at version 0; the actor's own is absent then.
 *
 * @param client whose log is looked for, if one is
 */
export async function readHeads(
  tx: Queryable,
  tenant: string,
  readable: readonly ReadableScope[],
  client: string | undefined,
): Promise<Heads> {
  const named = readable.filter((scope) => typeof scope === 'string');
  const ranges = readable.filter((scope) => typeof scope !== 'string').map(({ prefix }) => [prefix, behind(prefix)]);
  const [low, high] = [0, 1].map((end) => textArray(ranges.map((range) => range[end] ?? '')));
  const columns = sql.raw(`s.scope, s.version, s.rows, s.checksum::text, s.floor`);
  const [row] = await rowsOf<{
    epoch: string | null;
    last: string | number | null;
    unpublished: boolean;
    heads: readonly (readonly [string, number, number, string, number])[] | null;
  }>(
    tx,
    sql`${readsOnly}select
          (select value from sync.settings where name = 'epoch') as epoch,
          (select last_mutation_id from sync.clients where tenant = ${tenant} and client_id = ${client ?? null}) as last,
          exists (select from sync.dirty where tenant = ${tenant}) as unpublished,
          (select json_agg(json_build_array(${columns})) from (
            select * from sync.scopes where tenant = ${tenant} and scope = any(${textArray(named)})
            union all
            -- by bytes, as the index scopes_by_prefix is
            select f.* from unnest(${low}, ${high}) p (low, high) join sync.scopes f
              on f.tenant = ${tenant} and f.scope ~>=~ p.low and f.scope ~<~ p.high and not starts_with(f.scope, ${actorPrefix})
          ) s) as heads`,
  );
  if (row?.epoch == null) throw new Error('sync.settings has no epoch: the migrations have not run');
  const heads = new Map<string, Head>(
    named
      .filter((scope) => !scope.startsWith(actorPrefix))
      .map((scope) => [scope, { scope, version: 0, rows: 0, checksum: '0', floor: 0 }]),
  );
  for (const [scope, version, rows, checksum, floor] of row.heads ?? []) {
    heads.set(scope, { scope, version, rows, checksum, floor });
  }
  return {
    epoch: row.epoch,
    lastMutationId: Number(row.last ?? 0),
    unpublished: row.unpublished,
    heads: [...heads.values()].toSorted((a, b) => (a.scope < b.scope ? -1 : 1)),
  };
}

/** The least text that is behind all that begin with `prefix`, by the bytes of UTF-8. */
function behind(prefix: string): string {
  const points = Array.from(prefix);
  for (;;) {
    const last = points.pop()?.codePointAt(0);
    // No scope begins with a code point that stands for nothing.
    if (last === undefined) return '\u{10ffff}';
    if (last === 0x10ffff) continue;
    // Past the surrogates, which are no characters.
    return points.join('') + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1);
  }
}
