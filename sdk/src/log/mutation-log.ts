import type { Commit, OwnCommit } from '../commit.ts';
import { type Deferred, deferred } from '../deferred.ts';
import { ClosedError, NotSavedError, StoreFullError, StoreTooNewError } from '../errors.ts';
import { dropRows } from '../replica/drop-rows.ts';
import {
  countChange,
  getIdentity,
  getProgress,
  type Identity,
  noProgress,
  type Own,
  type Progress,
  putMeta,
  wasSignedOut,
} from '../store/meta.ts';
import type { Store } from '../store/store.ts';
import { withReserve } from '../store/with-reserve.ts';
import { asSkip, isPending, isSkip, type LogEntry, needsAttention } from './entry.ts';
import type { LogHooks } from './log-hooks.ts';
import { add, type Draft, follows, type Numbered, numbered, readWritten } from './numbered.ts';
import { Outcomes } from './outcomes.ts';
import { leaveClientId } from './renumber.ts';
import { replaceEntry } from './replace-entry.ts';
import { changeEntries, getEntry, putEntries } from './stored-entries.ts';
import { skipRefused, thinUnsent } from './thinning.ts';

interface Waiting {
  readonly draft: Draft;
  readonly saved: Deferred<LogEntry>;
}

/** The mutation log: on disk what must not be lost, in memory what is shown. */
export class MutationLog {
  /** The store as it was opened. What is in its place now may be another one, or of a newer model. */
  readonly own: Own;
  readonly #store: Store;
  readonly #hooks: LogHooks;
  readonly #entries = new Map<number, LogEntry>();
  readonly #seqs = new Map<string, number>();
  readonly #outcomes = new Outcomes();
  /** Keys of entries that have gone, which nobody was told yet. */
  readonly #gone: string[] = [];
  #identity: Identity;
  #progress: Progress;
  #sorted: readonly LogEntry[] | undefined;
  #queue: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  /**
   * Keys of mutations that were called not saved while nobody could see how the disk stood: should they be there, they are
   * not to be sent, since the person has been told to do it again.
   */
  readonly #refused = new Set<string>();
  /** What requests have found on the disk since the write under way began: it is saved, whatever is heard of the write. */
  readonly #found = new Map<string, LogEntry>();
  /** Entries that are shown and not on disk yet. */
  readonly #unsaved = new Set<LogEntry>();

  constructor(
    store: Store,
    start: { identity: Identity; progress: Progress; entries: readonly LogEntry[] },
    hooks: LogHooks,
  ) {
    this.#store = store;
    this.#hooks = hooks;
    this.own = start.identity;
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

  find(key: string): LogEntry | undefined {
    const seq = this.#seqs.get(key);
    return seq === undefined ? undefined : this.#entries.get(seq);
  }

  /** False: it is shown, and may still be lost. */
  isSaved(entry: LogEntry): boolean {
    return !this.#unsaved.has(entry);
  }

  get pending(): readonly LogEntry[] {
    return this.entries.filter(isPending);
  }

  get hasPending(): boolean {
    return this.entries.some(isPending);
  }

  /** Something is pending, or being written that will be. */
  get soonHasPending(): boolean {
    return this.#flushing !== undefined || this.hasPending;
  }

  /** Entries whose effects the base rows do not have yet, in id order. */
  get uncovered(): readonly LogEntry[] {
    const { covered } = this.#progress;
    return this.entries.filter((entry) => {
      const { former, receipt, id } = entry;
      return !former && id > covered && !isSkip(entry) && (!receipt || receipt.status === 'applied');
    });
  }

  /**
   * Resolves once the entry is on disk. Calls that come while a write is under way, or in the same turn,
   * share one durable transaction: their ids are in the order of the calls.
   *
   * @throws NotSavedError when the disk refused; nothing was kept.
   * @throws StoreTooNewError when a newer version of the app has taken over.
   * @throws ClosedError when another tab has signed the person out.
   */
  append(draft: Draft): Promise<LogEntry> {
    const saved = deferred<LogEntry>();
    this.#queue.push({ draft, saved });
    this.#flushing ??= this.#flush();
    return saved.promise;
  }

  /**
   * Resolves with the entry once it has an outcome.
   *
   * @throws ThinnedError when it was let go instead.
   * @throws UnknownKeyError when another tab has forgotten the outcome before this one heard of it.
   * @throws ClosedError when the log is closed before that.
   */
  outcome(key: string): Promise<LogEntry> {
    return this.#outcomes.of(key, this.find(key));
  }

  /** Marks a refusal as dealt with. Does nothing when there is none of that key. */
  async dismiss(key: string): Promise<void> {
    const seq = this.find(key)?.seq;
    if (seq === undefined) return;
    const commit = await this.withRoom((changes) =>
      this.#store.transaction(['log', 'meta'], 'durable', async (tx) => {
        if (!(await getIdentity(tx, this.own))) return undefined;
        const entries = await changeEntries(tx, [{ seq }], (stored) =>
          stored.key === key && needsAttention(stored) ? { ...stored, dismissed: true } : undefined,
        );
        return entries.length > 0 ? { ...(await countChange(tx, changes)), entries } : undefined;
      }),
    );
    if (commit) this.#hooks.committed(commit);
  }

  /**
   * Appends `draft` in the place of a refused entry, which is dealt with from then on: one transaction, so that
   * nobody, whatever they tap in whichever tab, does the same again twice.
   *
   * @throws DealtWithError, MayStillRunError and what {@link append} throws; nothing was kept.
   */
  async replace(old: LogEntry, draft: Draft, mayRunTwice: boolean): Promise<LogEntry> {
    const { lastSeq } = this.#identity;
    const done = await this.withRoom((changes) =>
      this.#store.transaction(['log', 'meta'], 'durable', async (tx) => {
        const before = await getIdentity(tx, this.own);
        return before && replaceEntry(tx, { before, lastSeq, old, draft, mayRunTwice, changes });
      }),
    ).catch(async (error: unknown) => {
      // As with any other: the answer may be all that was lost.
      const entry = (await this.#hooks.takeBack?.()) && this.find(draft.key);
      if (entry) return entry;
      throw asRefusal(error);
    });
    if (done instanceof Error) throw done;
    if (!done) {
      await this.restore();
      return this.replace(old, draft, mayRunTwice);
    }
    if ('key' in done) return done;
    this.#hooks.committed(done);
    return done.entries.at(-1) as LogEntry;
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
    const commit = await this.#store.transaction(['log', 'meta'], 'write', async (tx) => {
      if (!(await getIdentity(tx, this.own))) return undefined;
      const stored = await Promise.all(seqs.map((seq) => getEntry(tx, seq)));
      const removed = stored.flatMap((entry) => (entry && old(entry) ? [entry.seq] : []));
      await Promise.all(removed.map((seq) => tx.delete('log', seq)));
      return { ...(await countChange(tx)), removed };
    });
    if (commit) this.#hooks.committed(commit);
  }

  /**
   * The storage was cleared under us: what memory still has is written back, under a new client id, since the numbers
   * given under the old one are no longer known for sure. Does nothing when another tab has done so before.
   *
   * @throws ClosedError when it was cleared on purpose: the person was signed out in another tab. Another store may be
   * in its place by now.
   */
  async restore(): Promise<void> {
    const left = await this.#hooks.left?.();
    const commit = await this.#store.transaction(
      ['log', 'meta'],
      'durable',
      async (tx): Promise<OwnCommit | 'signed out' | undefined> => {
        if (await getIdentity(tx, this.own)) return undefined;
        if (left || (await getIdentity(tx)) || (await wasSignedOut(tx))) return 'signed out';
        // What is only shown is still to be written by whoever shows it.
        await putEntries(
          tx,
          this.entries.filter((entry) => this.isSaved(entry)),
        );
        const fresh = { ...noProgress, revision: this.#progress.revision + 1 };
        const numbering = { identity: this.#identity, progress: fresh };
        const { identity, progress, entries } = await leaveClientId(tx, numbering, this.#hooks.newClientId());
        await Promise.all([putMeta(tx, 'identity', identity), putMeta(tx, 'progress', progress)]);
        // It follows nothing that memory knows: the rows are gone too.
        return { identity, progress, entries, follows: -1 };
      },
    );
    if (commit === 'signed out') {
      this.#hooks.signedOut();
      throw new ClosedError();
    }
    if (commit) this.#hooks.committed(commit);
  }

  /** Takes over what is on disk, or about to be, by whichever part or tab. */
  absorb({ identity, progress, entries = [], removed = [] }: Commit): void {
    if (identity) this.#identity = identity;
    if (progress) this.#progress = progress;
    // Another tab may have been given the number that was foreseen for one of this tab.
    const forget = (seq: number) => {
      const entry = this.#entries.get(seq);
      if (entry && this.#seqs.get(entry.key) === seq) this.#seqs.delete(entry.key);
      this.#entries.delete(seq);
      return entry;
    };
    for (const seq of removed) {
      const entry = forget(seq);
      // What is newer than the disk as it was read may only not be there yet.
      if (entry && this.isSaved(entry) && seq <= this.#identity.lastSeq) this.#gone.push(entry.key);
    }
    for (const entry of entries) {
      forget(entry.seq);
      this.#entries.set(entry.seq, entry);
      this.#seqs.set(entry.key, entry.seq);
    }
    if (entries.length + removed.length > 0) this.#sorted = undefined;
  }

  /** Tells those who wait for the outcomes of these entries, which are safely on disk. */
  announce(entries: readonly LogEntry[] = []): void {
    for (const entry of entries) this.#outcomes.announce(entry);
    for (const key of this.#gone.splice(0)) if (!this.#seqs.has(key)) this.#outcomes.gone(key);
  }

  /** Waits for the writes under way, then for nothing any more. */
  async close(): Promise<void> {
    await this.#flushing;
    this.#outcomes.close();
  }

  async #flush(): Promise<void> {
    // One turn later, so that calls made together are written together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#queue;
      this.#queue = [];
      this.#found.clear();
      let isKnown = true as boolean | undefined;
      try {
        const commit = await this.withRoom((changes) =>
          this.#write(
            group.map(({ draft }) => draft),
            changes,
          ).catch(async (error: unknown) => {
            isKnown = await this.#hooks.takeBack?.();
            throw error;
          }),
        );
        this.#refused.clear();
        // Saved is saved, whatever those make of it who are told next.
        commit.entries.forEach((entry, at) => group[at]?.saved.resolve(entry));
        this.#hooks.committed(commit);
      } catch (error) {
        for (const { draft, saved } of group) {
          // The answer may be all that was lost: the disk, read again, has the entry.
          const entry = isKnown ? this.find(draft.key) : this.#found.get(draft.key);
          if (entry) saved.resolve(entry);
          else {
            if (!isKnown) this.#refused.add(draft.key);
            saved.reject(asRefusal(error));
          }
        }
      }
    }
    this.#flushing = undefined;
  }

  /** Told of each entry that is about to be sent. @returns what goes in its place */
  readonly leaving = (entry: LogEntry): LogEntry => {
    if (!entry.sent && this.#refused.has(entry.key)) return asSkip(entry);
    this.#found.set(entry.key, entry);
    return entry;
  };

  /** Runs `write`; when the disk is full, again once there is room: what the server can send again goes before the log. */
  withRoom<T>(write: (changes: Partial<Progress>) => Promise<T>): Promise<T> {
    return withReserve(this.#store, write).catch(async (error: unknown) => {
      const futile = !(error instanceof StoreFullError) || this.#store.deletingFrees === false;
      if (futile || !(await this.#dropRows())) throw error;
      return write({ full: true });
    });
  }

  async #dropRows(): Promise<boolean> {
    const commit = await dropRows(this.#store, this.own);
    if (commit) this.#hooks.committed(commit);
    return commit !== undefined;
  }

  /** Gives ids and writes, in one transaction: two tabs never give the same id, and no id is given to nothing. */
  async #write(drafts: readonly Draft[], changes: Partial<Progress>): Promise<OwnCommit & { entries: LogEntry[] }> {
    let runs = 0;
    const { lastSeq } = this.#identity;
    const thins = drafts.some(({ name }) => this.#hooks.thinOf(name));
    // As it is on disk now: the transaction shows what it adds, and may begin anew.
    const pending = thins ? this.pending : [];
    const holdsBack = thins || this.#refused.size > 0 || this.#hooks.isBusy?.();
    const foreseen = holdsBack ? undefined : this.#foresee(drafts, changes);
    const write = this.#store.transaction(['log', 'meta'], 'durable', async (tx) => {
      runs += 1;
      const [before, known] = await Promise.all([getIdentity(tx, this.own), getProgress(tx)]);
      const asForeseen = runs === 1 && before && foreseen?.follows === known.revision && follows(foreseen, before);
      if (runs > 1 || (foreseen && !asForeseen)) void this.#hooks.takeBack?.();
      if (!before) return undefined;
      const counted = await countChange(tx, changes, known);
      const written = runs > 1 ? await readWritten(tx, before, drafts, lastSeq) : undefined;
      if (written) return { ...counted, ...written };
      const { identity, entries } = await add(tx, before, drafts);
      if (asForeseen) return foreseen;
      const thinned = await thinUnsent(tx, pending, entries, this.#hooks.thinOf);
      const skips = await skipRefused(tx, this.#refused);
      const commit = { ...counted, identity, entries: [...entries, ...thinned, ...skips] };
      // Seen at once; saved, and said to be, only after the flush.
      this.#show(commit, entries);
      return commit;
    });
    let commit: Awaited<typeof write>;
    try {
      commit = await write;
    } finally {
      // What came otherwise is not there: nobody may take it for what is on disk.
      const kept = new Set(commit?.entries);
      const isWrong = (entry: LogEntry) => !kept.has(entry) && this.#entries.get(entry.seq) === entry;
      const wrong = [...this.#unsaved].filter(isWrong);
      this.absorb({ removed: wrong.map(({ seq }) => seq) });
      this.#unsaved.clear();
    }
    if (commit) return commit;
    await this.restore();
    return this.#write(drafts, changes);
  }

  /** Shows what a write will be if nothing else comes first: nobody who looks has to wait for the store. */
  #foresee(drafts: readonly Draft[], changes: Partial<Progress>): OwnCommit & Numbered {
    const { revision } = this.#progress;
    const progress = { ...this.#progress, ...changes, revision: revision + 1 };
    const commit = { ...numbered(this.#identity, drafts), progress, follows: revision };
    this.#show(commit, commit.entries);
    return commit;
  }

  #show(commit: OwnCommit, added: readonly LogEntry[]): void {
    // With what was shown before, in another place.
    for (const entry of added) this.#unsaved.add(entry);
    this.#hooks.show?.(commit);
  }
}

function asRefusal(error: unknown): Error {
  return error instanceof StoreTooNewError || error instanceof ClosedError ? error : new NotSavedError(error);
}
