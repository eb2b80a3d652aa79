import { limits, type ScopeState } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import type { Queryable } from '../db/database.ts';
import { type Changes, readChanges } from './changes.ts';
import { encodeCursor, historyOf } from './cursor.ts';
import { type Heads, type Head, readHeads } from './heads.ts';
import type { ReadTable } from './rows.ts';
import { unawaited } from './transaction.ts';
import { type DeltaRequest, endsOf, type Plan, planDelta, type Source, type Start, startsOf } from './traversal.ts';

/** A delta as it goes out, and what is worth knowing of it here. */
export interface EncodedDelta {
  /** `Delta` of the protocol, as JSON text. */
  readonly json: string;
  readonly changes: { readonly length: number };
  readonly reset: readonly string[];
  /** How far the client's log had come in the same snapshot. */
  readonly lastMutationId: number;
}

/** Reads a page of changes, or has them from another reader whose page is the same. */
export type ReadChanges = (page: {
  readonly history: string;
  readonly heads: readonly Head[];
  readonly starts: readonly Start[];
  readonly limit: number;
  readonly read: () => Promise<Changes>;
}) => Promise<Changes>;

export interface DeltaSource {
  readonly tables: ReadonlyMap<string, ReadTable>;
  readonly source: Source;
  /** Whether a snapshot is new enough; by default all are. */
  readonly accepts?: (heads: Heads) => boolean;
  readonly shared: ReadChanges;
}

/**
 * What changed after a cursor in the scopes an actor may read, from one snapshot: `tx` must be a repeatable read.
 *
 * @param client whose `lastMutationId` is wanted
 * @returns undefined when it is a replica that cannot answer: then the primary must
 */
export async function delta(
  tx: Queryable,
  { tables, source, accepts, shared }: DeltaSource,
  request: DeltaRequest,
  client: string | undefined,
): Promise<EncodedDelta | undefined> {
  const { tenant } = request;
  // Marks come and go: a plan that was made while there were none would later walk through those of all tenants.
  unawaited(tx, sql`set local enable_seqscan = off`);
  const snapshot = await readHeads(tx, tenant, request.only ?? request.readable, client);
  if (accepts?.(snapshot) === false) return undefined;
  const { epoch, heads, lastMutationId, unpublished } = snapshot;
  const history = historyOf(epoch, tenant);
  const plan = planDelta(request, history, heads, source);
  if (plan === undefined) return undefined;

  const limit = Math.min(request.limit, limits.changesPerPage);
  const page = (most: number) => {
    const starts = startsOf(plan, most);
    const read = () => readChanges(tx, tables, tenant, starts, limit);
    // The rows of another reader's snapshot with the same heads are the same only when all of them have their versions.
    const found = unpublished ? read() : shared({ history, heads, starts, limit, read });
    return { all: starts.length === plan.wanted.length, found };
  };
  const { all, found } = page(limit);
  let changes = await found;
  // Fewer lines than rows counted: what the counts promised must not pass for everything.
  if (!all && changes.open === undefined) changes = await page(Infinity).found;
  return {
    json: encode(plan, history, heads, changes),
    changes: { length: changes.count },
    reset: plan.reset,
    lastMutationId,
  };
}

function encode(plan: Plan, history: string, heads: readonly Head[], { json, open }: Changes): string {
  const more = open !== undefined;
  const states = heads.map((head) => [head.scope, stateOf(head, plan, more)] as const);
  const rest = {
    scopes: Object.fromEntries(states),
    reset: plan.reset,
    dropped: plan.dropped,
    cursor: encodeCursor({ history, scopes: endsOf(heads, plan, open) }),
    more,
  };
  return `{"changes":${json},${JSON.stringify(rest).slice(1)}`;
}

/** The checksum is for who has everything: not before the last page, where the count shows how far there is to go. */
function stateOf({ scope, version, rows, checksum }: Head, { behind, kept }: Plan, more: boolean): ScopeState {
  if (behind.has(scope)) return { version: kept.get(scope)?.version ?? version };
  return more ? { version, rows } : { version, rows, checksum };
}
