import type { Commit, OwnCommit, RowChange } from '../commit.ts';
import { StoreFullError } from '../errors.ts';
import { isPending, type LogEntry } from '../log/entry.ts';
import type { MutationLog } from '../log/mutation-log.ts';
import { fillGap, leaveClientId, type Renumbered } from '../log/renumber.ts';
import { type Handled, handleDead, settle } from '../log/settle.ts';
import type { Stopped, SyncResponse } from '../protocol/index.ts';
import { applyDelta } from '../replica/apply-delta.ts';
import { type Journal, readJournal } from '../replica/journal.ts';
import { type IndexesOf, readRow } from '../replica/stored-row.ts';
import { type Progress, putMeta, readMeta } from '../store/meta.ts';
import type { Store, Transaction } from '../store/store.ts';
import { isOutcome } from './answer.ts';
import type { Round } from './round.ts';
import { isText } from './shape.ts';

/** What an answer brought. */
export interface AppliedAnswer {
  /** Undefined when nothing was written: there was no room, or the device has another client id by now. */
  readonly commit: OwnCommit | undefined;
  /** Another tab had moved on: the delta (or, under another client id, all of it) was left aside. */
  readonly overtaken: boolean;
  /** The log was renumbered, or what the server lost is pending again. */
  readonly healed: boolean;
  /** How many mutations got their outcome. */
  readonly settled: number;
  /** The cursor is another one than before. */
  readonly moved: boolean;
  /** The disk had no room for the rows: they were left aside, and only the outcomes count. */
  readonly full: boolean;
  readonly diverged: readonly string[];
}

/** What the transaction asks of the device's memory. */
export interface Memory {
  readonly log: Pick<MutationLog, 'find' | 'withRoom'>;
  readonly indexesOf: IndexesOf;
  /** What memory has of the journal, if it stands at this revision. */
  journalAt(revision: number): Journal | undefined;
  /** Told what will be committed as soon as that is certain, but for the disk: the screen need not wait for a flush. */
  show(commit: OwnCommit): void;
  /** What was shown will not be. */
  takeBack(): Promise<boolean>;
}

/** What the transaction needs from outside of the store. */
export interface ApplyOptions {
  readonly now: number;
  readonly newClientId: () => string;
  readonly memory: Memory;
  /** False: rows are left aside, what room there is belongs to the log. */
  readonly room: boolean;
}

/**
 * Writes everything an answer brings in one transaction: after a crash, all of it is there or none. It is durable unless
 * there is more to come and nothing in it that was promised: then the last page's flush is that of the others too.
 */
export async function applyAnswer(
  store: Store,
  round: Round,
  answer: SyncResponse,
  options: ApplyOptions,
): Promise<AppliedAnswer> {
  const { receipts, stopped, delta } = answer;
  const mode = delta.more && receipts.length === 0 ? 'write' : 'durable';
  const { memory } = options;
  const write = (room: boolean) => {
    let runs = 0;
    return store.transaction(['log', 'rows', 'meta'], mode, (tx) => {
      runs += 1;
      // The store has begun anew, perhaps on what another tab has written meanwhile.
      if (runs > 1) void memory.takeBack();
      return apply(tx, round, answer, { ...options, room });
    });
  };
  if (options.room) {
    try {
      return await write(true);
    } catch (error) {
      await memory.takeBack();
      if (!(error instanceof StoreFullError)) throw error;
    }
  }
  // The server has the rows, and will send them again; that it has the mutations is what matters.
  if (receipts.length === 0 && !stopped) return { ...nothing, full: true };
  return memory.log.withRoom(() => write(false));
}

const nothing: AppliedAnswer = {
  commit: undefined,
  overtaken: false,
  healed: false,
  settled: 0,
  moved: false,
  full: false,
  diverged: [],
};

async function apply(
  tx: Transaction,
  { request, sent, head }: Round,
  { receipts, stopped, delta }: SyncResponse,
  { now, newClientId, memory, room }: ApplyOptions,
): Promise<AppliedAnswer> {
  const { identity, progress: before, scopes: known } = await readMeta(tx, request);
  // Under another client id the ids mean nothing any more. Nothing is lost: the receipts come again, by their keys.
  if (identity?.clientId !== request.clientId) return { ...nothing, overtaken: true };

  const entries = new Map<number, LogEntry>();
  const changed = (list: readonly LogEntry[]) => list.forEach((entry) => entries.set(entry.seq, entry));
  const settled = await settle(tx, sent, receipts, now);
  changed(settled);

  let progress: Progress = { ...before, revision: before.revision + 1 };
  // Another tab may have set the head back since, to fill a gap: then what it wants sent comes first.
  if (before.head === head) progress = { ...progress, head: headAfter(head, sent, entries) };
  const overtaken = before.cursor !== request.cursor;
  let commit: Commit = {};
  const journal = memory.journalAt(before.revision) ?? (await readJournal(tx, before));
  const lie = { journal, state: before.journal, indexesOf: memory.indexesOf };
  const applied = overtaken || !room ? undefined : await applyDelta(tx, delta, known, lie);
  if (applied) {
    const { rows, scopes, journaled } = applied;
    commit = { rows, scopes, ...(journaled && { journaled }) };
    if (journaled && !progress.journal) progress = { ...progress, journal: { bare: Object.keys(known).length === 0 } };
    const { expected: _expected, full: _full, ...rest } = progress;
    progress = { ...rest, cursor: delta.cursor };
    if (delta.more) {
      const rows = Object.values(delta.scopes).map((state) => state.rows ?? 0);
      progress = { ...progress, expected: rows.reduce((sum, one) => sum + one, 0) };
    } else {
      const covered = Math.max(before.covered, delta.lastMutationId);
      progress = { ...progress, covered, lastSyncedAt: new Date(now).toISOString() };
    }
  }

  if (!room) progress = { ...progress, full: true };

  const told = !applied ? [] : delta.changes.filter(({ collection }) => collection === receiptsCollection);
  changed(await handleDead(tx, await readHandled(tx, told, memory, journal, commit.rows), now));
  // Operations may have closed a dead letter before this device heard that it is one.
  const dead = settled.filter(({ receipt }) => receipt?.status === 'dead').map(({ key }) => ({ id: key }));
  const closed = (await readHandled(tx, dead, memory, journal, commit.rows)).filter(
    ({ outcome }) => outcome.status === 'dead',
  );
  changed(await handleDead(tx, closed, now));

  const healed = await heal(tx, { identity, progress }, { stopped, delta, firstSent: sent[0]?.id }, newClientId);
  if (healed) {
    progress = healed.progress;
    changed(healed.entries);
    commit = { ...commit, identity: healed.identity };
  }
  const own: OwnCommit = { ...commit, progress, follows: before.revision, entries: [...entries.values()] };
  if (room) memory.show(own);
  await Promise.all([
    healed && putMeta(tx, 'identity', healed.identity),
    applied && putMeta(tx, 'scopes', applied.scopes),
    putMeta(tx, 'progress', progress),
    applied?.write(progress.revision),
  ]);
  return {
    commit: own,
    overtaken,
    healed: healed !== undefined,
    settled: settled.length,
    moved: before.cursor !== progress.cursor,
    full: !room,
    diverged: applied?.diverged ?? [],
  };
}

/** The first entry that still has to be sent: outcomes come in the order of the log. */
function headAfter(head: number, sent: readonly LogEntry[], entries: ReadonlyMap<number, LogEntry>): number {
  const waiting = sent.find((entry) => isPending(entries.get(entry.seq) ?? entry));
  return waiting?.seq ?? Math.max(head, (sent.at(-1)?.seq ?? 0) + 1);
}

async function heal(
  tx: Transaction,
  numbering: Pick<Renumbered, 'identity' | 'progress'>,
  answer: { stopped: Stopped | null; delta: { lastMutationId: number }; firstSent: number | undefined },
  newClientId: () => string,
): Promise<Renumbered | undefined> {
  const { stopped, delta } = answer;
  const { lastId } = numbering.identity;
  // Somebody else has used this client id: a cloned phone, a restored backup.
  if (stopped?.code === 'forked' || delta.lastMutationId > lastId) return leaveClientId(tx, numbering, newClientId());
  if (stopped?.code !== 'gap') return undefined;
  const expected = stopped.expected ?? delta.lastMutationId + 1;
  // A gap can only be before what was sent; anything else would send the same again for ever.
  if (expected > lastId || expected >= (answer.firstSent ?? Infinity)) return undefined;
  return fillGap(tx, numbering, expected, newClientId);
}

/** Where the engine keeps, as rows of the actor's own scope, what operations did with dead letters. */
const receiptsCollection = 'receipts';

async function readHandled(
  tx: Transaction,
  letters: readonly { readonly id: string }[],
  memory: Memory,
  journal: Journal,
  /** Not on disk yet. */
  changes: readonly RowChange[] = [],
): Promise<readonly Handled[]> {
  const handled = letters.map(async ({ id }) => {
    const seq = memory.log.find(id)?.seq;
    const change = changes.find((one) => one.collection === receiptsCollection && one.id === id);
    const row = change ? change.row : await readRow(tx, journal, receiptsCollection, id);
    const reason = row?.['closeReason'];
    const closeReason = isText(reason) ? reason : undefined;
    return seq === undefined || !isOutcome(row) ? [] : [{ seq, outcome: row, closeReason }];
  });
  return (await Promise.all(handled)).flat();
}
