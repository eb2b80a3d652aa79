import { mayRead, type ReadableScope } from './actor.ts';
import type { CursorState, Position } from './cursor.ts';
import type { Head } from './heads.ts';

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

/** Whose snapshot is read. A replica may be behind what a client has; what it cannot know, only the primary may say. */
export type Source = 'primary' | 'replica';

/** Where a delta goes on in each scope, and what the client must forget first. */
export interface Plan {
  /** Scopes that may have lines to send, in order. */
  readonly wanted: readonly Head[];
  /** Where the client is in the scopes that it goes on with. */
  readonly from: ReadonlyMap<string, Position>;
  /** Places of the cursor that stay as they are: scopes not asked for, and those that a replica is behind in. */
  readonly kept: ReadonlyMap<string, Position>;
  /** Of those, the ones that were asked for. */
  readonly behind: ReadonlySet<string>;
  readonly reset: readonly string[];
  readonly dropped: readonly string[];
}

/** Complete at version 0. */
const nowhere: Position = { version: 0, line: null, began: 0 };

/**
 * Compares a cursor with the heads of one snapshot.
 *
 * @returns undefined when only the primary may answer
 */
export function planDelta(
  { readable, only, cursor, diverged }: Omit<DeltaRequest, 'tenant' | 'limit'>,
  history: string,
  heads: readonly Head[],
  source: Source,
): Plan | undefined {
  const inDoubt = new Set(diverged);
  const foreign = cursor !== null && cursor.history !== history;
  const from = new Map<string, Position>();
  const kept = new Map<string, Position>();
  const behind = new Set<string>();
  const reset: string[] = [];
  const dropped: string[] = [];
  const headed = new Set<string>();
  for (const head of heads) {
    const { scope } = head;
    headed.add(scope);
    const at = cursor?.scopes.get(scope);
    const ahead = at !== undefined && Math.max(at.version, at.began) > head.version;
    if (source === 'replica' && !foreign && ahead && at.line === null && !inDoubt.has(scope)) {
      kept.set(scope, at);
      behind.add(scope);
    } else if (inDoubt.has(scope) || (at !== undefined && (foreign || ahead || isOutrun(at, head)))) reset.push(scope);
    else if (at !== undefined) from.set(scope, at);
  }
  for (const [scope, at] of cursor?.scopes ?? []) {
    if (headed.has(scope)) continue;
    if (!mayRead(readable, scope)) dropped.push(scope);
    else if (!foreign && (only !== undefined || (source === 'replica' && at.line === null))) kept.set(scope, at);
    // A scope of another history, or one that this database has never heard of.
    else reset.push(scope);
  }
  if (source === 'replica' && reset.length > 0) return undefined;
  const wanted = heads.filter((head) => {
    const { version, line } = from.get(head.scope) ?? nowhere;
    return !behind.has(head.scope) && (version < head.version || line !== null);
  });
  return { wanted, from, kept, behind, reset, dropped };
}

/**
 * Whether rows that the client has may have left without a trace. A traversal needs the tombstones above the version at
 * which it began; of those it has passed it needs none any more. So a first sync that takes long is not sent back.
 */
function isOutrun({ version, line, began }: Position, { floor }: Head): boolean {
  const passed = line === null ? version : version - 1;
  return Math.max(began, passed) < floor;
}

/** Where a traversal of one scope stands, as the next line's key. */
export interface Start {
  readonly scope: string;
  readonly version: number;
  readonly collection: string;
  readonly id: string;
  /** What had left by then was never sent. */
  readonly began: number;
}

/**
 * Where to read on in the wanted scopes. Not in more of them than fill a page: a scope that is sent from its beginning
 * has a line for each of its rows.
 */
export function startsOf({ wanted, from }: Pick<Plan, 'wanted' | 'from'>, limit: number): Start[] {
  const starts: Start[] = [];
  for (let at = 0, sure = 0; at < wanted.length && sure <= limit; at++) {
    const { scope, version: newest, rows } = wanted[at] as Head;
    const position = from.get(scope);
    if (position === undefined) sure += rows;
    const { version, line, began } = position ?? { ...nowhere, began: newest };
    starts.push(
      // A finished version has no line after it; the empty string sorts before every collection.
      line === null
        ? { scope, version: version + 1, collection: '', id: '', began }
        : { scope, version, collection: line.collection, id: line.id, began },
    );
  }
  return starts;
}

/** The last line of a page that is not the last one. */
export interface LastLine {
  readonly scope: string;
  readonly version: number;
  readonly collection: string;
  readonly id: string;
}

/**
 * Where the client stands after a page.
 *
 * @param open where the page was cut; undefined: it was not
 */
export function endsOf(
  heads: readonly Head[],
  { from, kept }: Pick<Plan, 'from' | 'kept'>,
  open: LastLine | undefined,
): Map<string, Position> {
  // Scopes come in order: all before the page's last one are finished, all after it are where they were.
  let finished = true;
  const ends = new Map(kept);
  for (const { scope, version } of heads) {
    if (kept.has(scope)) continue;
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
