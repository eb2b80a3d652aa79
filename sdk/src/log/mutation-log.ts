import type { Commit } from '../commit.ts';
import { getIdentity, type Identity, type Progress, putMeta } from '../store/meta.ts';
import type { Store } from '../store/store.ts';
import { NotSavedError } from '../errors.ts';
import { isPending, type LogEntry, needsAttention } from './entry.ts';

/** A mutation before it has its place in the log. */
export type Draft = Pick<LogEntry, 'key' | 'name' | 'args' | 'at' | 'model'>;

interface Waiting {
  readonly draft: Draft;
  readonly saved: PromiseWithResolvers<LogEntry>;
}

/** The mutation log: on disk what must not be lost, in memory what is shown. */
export class MutationLog {
  readonly #store: Store;
  readonly #committed: (commit: Commit) => void;
  readonly #entries = new Map<number, LogEntry>();
  readonly #outcomes = new Map<string, PromiseWithResolvers<LogEntry>>();
  #identity: Identity;
  #progress: Progress;
  #sorted: readonly LogEntry[] | undefined;
  #queue: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  /** @param committed is told of every transaction of the log's own, and must end in {@link absorb}. */
  constructor(
    store: Store,
    start: { identity: Identity; progress: Progress; entries: readonly LogEntry[] },
    committed: (commit: Commit) => void,
  ) {
    this.#store = store;
    this.#committed = committed;
    this.#identity = start.identity;
    this.#progress = start.progress;
    this.absorb(start);
  }

  get identity(): Identity {
    return this.#identity;
  }

  get progress(): Progress {
    return this.#progress;
  }

  /** All entries, in the order they were made. */
  get entries(): readonly LogEntry[] {
    this.#sorted ??= [...this.#entries.values()].sort((left, right) => left.seq - right.seq);
    return this.#sorted;
  }

  get pending(): readonly LogEntry[] {
    return this.entries.filter(isPending);
  }

  /** Entries whose effects the base rows do not have yet, in id order. */
  get uncovered(): readonly LogEntry[] {
    const { covered } = this.#progress;
    return this.entries.filter(
      ({ former, receipt, id }) => !former && id > covered && (!receipt || receipt.status === 'applied'),
    );
  }

  /**
   * Resolves once the entry is on disk. Calls that come while a write is under way, or in the same turn,
   * share one durable transaction: their ids are in the order of the calls.
   *
   * @throws NotSavedError when the disk refused; nothing was kept.
   */
  append(draft: Draft): Promise<LogEntry> {
    const saved = Promise.withResolvers<LogEntry>();
    this.#queue.push({ draft, saved });
    this.#flushing ??= this.#flush();
    return saved.promise;
  }

  /** Resolves with the entry once it has an outcome. */
  outcome(key: string): Promise<LogEntry> {
    const settled = this.entries.find((entry) => entry.key === key && entry.receipt);
    if (settled) return Promise.resolve(settled);
    const waiting = this.#outcomes.get(key) ?? Promise.withResolvers<LogEntry>();
    this.#outcomes.set(key, waiting);
    return waiting.promise;
  }

  /** Marks a refusal as dealt with. Does nothing when there is none of that key. */
  async dismiss(key: string): Promise<void> {
    const seq = this.entries.find((entry) => entry.key === key)?.seq;
    if (seq === undefined) return;
    const entry = await this.#store.transaction(['log'], 'durable', async (tx) => {
      const stored = (await tx.get('log', seq)) as LogEntry | undefined;
      if (!stored || !needsAttention(stored)) return undefined;
      const dismissed = { ...stored, dismissed: true };
      await tx.put('log', seq, dismissed);
      return dismissed;
    });
    if (entry) this.#committed({ entries: [entry] });
  }

  /** Forgets outcomes stored before `before` (milliseconds since 1970), but no refusal that waits for somebody. */
  async sweep(before: number): Promise<void> {
    const { covered } = this.#progress;
    const old = (entry: LogEntry): boolean =>
      entry.receipt !== undefined &&
      (entry.settledAt ?? Infinity) < before &&
      !isPending(entry) &&
      !needsAttention(entry) &&
      (entry.former === true || entry.id <= covered);
    const seqs = this.entries.filter(old).map(({ seq }) => seq);
    if (seqs.length === 0) return;
    const removed = await this.#store.transaction(['log'], 'write', async (tx) => {
      const stored = await Promise.all(seqs.map((seq) => tx.get('log', seq) as Promise<LogEntry | undefined>));
      const gone = stored
        .filter((entry) => entry !== undefined)
        .filter(old)
        .map(({ seq }) => seq);
      await Promise.all(gone.map((seq) => tx.delete('log', seq)));
      return gone;
    });
    this.#committed({ removed });
  }

  /** Takes over what was committed to disk, by whichever part or tab. */
  absorb({ identity, progress, entries = [], removed = [] }: Commit): void {
    if (identity) this.#identity = identity;
    if (progress) this.#progress = progress;
    for (const seq of removed) this.#entries.delete(seq);
    for (const entry of entries) {
      this.#entries.set(entry.seq, entry);
      if (!entry.receipt) continue;
      this.#outcomes.get(entry.key)?.resolve(entry);
      this.#outcomes.delete(entry.key);
    }
    if (entries.length + removed.length > 0) this.#sorted = undefined;
  }

  /** Waits for the writes under way. */
  async close(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    // One turn later, so that calls made together are written together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#queue;
      this.#queue = [];
      let commit: { identity: Identity; entries: LogEntry[] };
      try {
        commit = await this.#write(group.map(({ draft }) => draft));
      } catch (error) {
        for (const { saved } of group) saved.reject(new NotSavedError(error));
        continue;
      }
      this.#committed(commit);
      commit.entries.forEach((entry, at) => group[at]?.saved.resolve(entry));
    }
    this.#flushing = undefined;
  }

  /** Gives ids and writes, in one transaction: two tabs never give the same id, and no id is given to nothing. */
  #write(drafts: readonly Draft[]): Promise<{ identity: Identity; entries: LogEntry[] }> {
    return this.#store.transaction(['log', 'meta'], 'durable', async (tx) => {
      const before = await getIdentity(tx);
      const entries = drafts.map((draft, at) => ({
        ...draft,
        seq: before.lastSeq + at + 1,
        id: before.lastId + at + 1,
      }));
      const identity = {
        ...before,
        lastId: before.lastId + drafts.length,
        lastSeq: before.lastSeq + drafts.length,
      };
      await Promise.all([
        putMeta(tx, 'identity', identity),
        ...entries.map((entry) => tx.put('log', entry.seq, entry)),
      ]);
      return { identity, entries };
    });
  }
}
