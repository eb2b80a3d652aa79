import type { Commit, OwnCommit, RowChange } from './commit.ts';
import { ClosedError, StoreFullError, StoreTooNewError } from './errors.ts';
import { newClientId } from './ids.ts';
import { isSkip, type LogEntry, needsAttention } from './log/entry.ts';
import { MutationLog } from './log/mutation-log.ts';
import { Records } from './log/records.ts';
import type { Model } from './model/index.ts';
import type { Platform } from './platform.ts';
import type { Poke } from './protocol/index.ts';
import { keyOf } from './replica/apply-delta.ts';
import type { OptimisticEffects } from './replica/optimistic.ts';
import { Journal, settleSegment } from './replica/journal.ts';
import { Replica } from './replica/replica.ts';
import { Safekeeping } from './safekeeping.ts';
import { StatusBoard } from './status.ts';
import { indexRows, unindexed } from './replica/shapes.ts';
import type { Identity, Progress, ScopeSums, Shapes } from './store/meta.ts';
import type { Store } from './store/store.ts';
import { readAll, readChanged } from './tabs/catch-up.ts';
import type { TabMessage, Tabs } from './tabs/tabs.ts';

/** How long an app that starts has the disk for itself. */
const comingUpMs = 3_000;

/** What is on this device, as memory mirrors it: every commit, of this tab or another, passes through here. */
export class Device {
  readonly store: Store;
  readonly board: StatusBoard;
  readonly log: MutationLog;
  readonly records: Records;
  readonly replica: Replica;
  readonly tabs: Tabs;
  readonly safekeeping: Safekeeping;
  /** Rows that are on the screen before their commit, by name: what is committed before it is older. */
  readonly foreseen = new Map<string, RowChange>();
  readonly #mutationMade: () => void;
  readonly #platform: Platform;
  readonly #model: Model;
  #scopes: ScopeSums;
  #shapes: Shapes;
  #journal: Journal;
  #settling: Promise<void> | undefined;
  #settleTimer: unknown;
  /** Writes of this tab that may change what the next mutation follows. */
  #writes = 0;
  /** What is on the screen already and being written, and what memory had before it. */
  readonly #shown = new Map<OwnCommit, { identity: Identity; progress: Progress }>();
  /** `seq` of entries that were shown and may not be on disk. */
  readonly #doubtful = new Set<number>();
  #reading: Promise<void> | undefined;
  /** The read that comes after the one that has begun. */
  #nextReading: Promise<void> | undefined;
  /** The end of the last message: they are taken one after the other. */
  #heard: Promise<void> = Promise.resolve();

  /**
   * @param options.mutationMade is told when there is something new to push, from whichever tab.
   * @param options.signedOut is told when another tab has signed the person out.
   */
  constructor(options: {
    name: string;
    store: Store;
    platform: Platform;
    model: Model;
    effects: OptimisticEffects<Model>;
    tabs: Tabs;
    start: {
      identity: Identity;
      progress: Progress;
      scopes: ScopeSums;
      shapes: Shapes;
      journal: Journal;
      entries: readonly LogEntry[];
    };
    mutationMade: () => void;
    signedOut: () => void;
    onError?: ((error: unknown, code: string) => void) | undefined;
  }) {
    const { store, platform, model, effects, tabs, start } = options;
    this.store = store;
    this.#mutationMade = options.mutationMade;
    this.#platform = platform;
    this.#model = model;
    this.#scopes = start.scopes;
    this.#shapes = start.shapes;
    this.#journal = start.journal;
    this.board = new StatusBoard(platform.online(), platform.now, options.onError);
    this.safekeeping = new Safekeeping(platform, options.name, store, this.board);
    this.log = new MutationLog(store, start, {
      show: (commit) => this.show(commit),
      // A mutation that came otherwise says nothing about the pages of a pull.
      takeBack: () => this.#readBack(),
      isBusy: () => this.#writes > 0,
      committed: (commit) => this.committed(commit),
      newClientId: () => newClientId(platform),
      thinOf: (name) => (Object.hasOwn(model.mutations, name) ? model.mutations[name]?.thin : undefined),
      left: () => this.safekeeping.hasLeft(start.identity),
      signedOut: options.signedOut,
    });
    this.records = new Records(
      () => this.log.entries,
      (name) => model.mutations[name]?.rejects ?? [],
      (error) => this.board.failed('listener_failed', error),
    );
    this.replica = new Replica({
      store,
      model,
      effects,
      journal: () => this.#journal,
      foreseen: this.foreseen,
      indexed: (collection) => (store.indexes ? (this.#shapes[collection]?.indexes ?? []) : []),
      uncovered: () => this.log.uncovered,
      failed: this.board.failed,
    });
    this.tabs = tabs;
    this.adopt({});
    tabs.listen((message) => {
      if (message.kind === 'signed-out') return options.signedOut();
      this.#heard = this.#heard.then(() => this.#hear(message)).catch(this.#unreadable);
    });
  }

  /** The fields by which the rows of a collection are written from now on. */
  readonly indexesOf = (collection: string): readonly string[] => this.#model.collections[collection]?.indexes ?? [];

  /** Indexes what an earlier model has left unindexed; until then such questions read whole collections. */
  async indexRows(): Promise<void> {
    if (!this.store.indexes) return;
    for (const collection of unindexed(this.#model, this.#shapes)) {
      this.#shapes = await indexRows(this.store, this.#model, collection);
    }
  }

  /** What memory has of the journal, if it stands at this revision. */
  journalAt(revision: number): Journal | undefined {
    // What is on the screen already counts only once it is on disk.
    return revision === this.log.progress.revision && this.#shown.size === 0 ? this.#journal : undefined;
  }

  /** Puts rows that lie in the journal in their places, until none is left or the store is closed. */
  settleJournal(): Promise<void> {
    this.#settling ??= this.#settle()
      .catch((error: unknown) => {
        // With room, the next sync takes it up again; a newer app, that has written here, does by itself.
        const isKnown = [ClosedError, StoreFullError, StoreTooNewError].some((known) => error instanceof known);
        if (!isKnown) this.board.failed('not_saved', error);
      })
      .finally(() => (this.#settling = undefined));
    return this.#settling;
  }

  /** What an earlier run has left in the journal can wait until the app has come up. */
  settleJournalSoon(): void {
    if (!this.log.progress.journal) return;
    this.#settleTimer = this.#platform.setTimeout(() => void this.settleJournal(), comingUpMs);
  }

  async #settle(): Promise<void> {
    // On a full disk there is no room for rows in both places.
    while (this.log.progress.journal && !this.log.progress.full) {
      const commit = await this.writing(settleSegment(this.store, this.log.own, this.indexesOf));
      if (!commit) return;
      this.committed(commit);
      await this.caughtUp();
    }
  }

  /** Holds back what cannot be foreseen while this is being written. */
  async writing<T>(write: Promise<T>): Promise<T> {
    this.#writes += 1;
    try {
      return await write;
    } finally {
      this.#writes -= 1;
    }
  }

  /** Shows what is being written, as far as it follows from what memory has; {@link committed} or {@link takeBack} follows. */
  show(commit: OwnCommit): void {
    if (commit.follows !== this.log.progress.revision) return;
    const { identity, progress } = this.log;
    this.#shown.set(commit, { identity, progress });
    this.#take(commit);
  }

  /** Shows rows before the disk is asked: {@link show} has all of their commit, or {@link takeBack} follows. */
  foresee(rows: readonly RowChange[]): void {
    for (const change of rows) this.foreseen.set(keyOf(change), change);
    if (rows.length > 0) this.replica.absorb({ rows });
  }

  /** What was shown is not on disk, and what was foreseen will not be. */
  takeBack(): Promise<boolean> {
    this.foreseen.clear();
    return this.#readBack();
  }

  /** What was shown is not on disk. Resolves when memory is as the disk is, or to false: it cannot be read. */
  async #readBack(): Promise<boolean> {
    const [{ identity, progress } = this.log] = this.#shown.values();
    for (const { entries = [] } of this.#shown.keys()) for (const { seq } of entries) this.#doubtful.add(seq);
    this.#shown.clear();
    // As it was before, for all that is known: whoever looks next finds that memory has missed something. Also when
    // nothing was shown: memory may have been behind a commit whose answer was lost.
    this.#take({ identity, progress: { ...progress, revision: -1 } });
    return this.readAgain().then(
      () => true,
      () => false,
    );
  }

  /** This tab has written to the store. */
  committed(commit: OwnCommit): void {
    const { revision } = this.log.progress;
    // Unless memory was read from disk meanwhile, which did not have it yet.
    const shown = this.#shown.delete(commit) && revision >= commit.progress.revision;
    const missed = !shown && commit.follows !== revision;
    if (shown) {
      this.#count();
      this.#settled(commit);
    } else {
      // Memory counts as being where it was until it has what it missed.
      this.adopt(missed ? { ...commit, progress: { ...commit.progress, revision } } : commit);
    }
    this.tabs.committed(commit);
    if (missed) this.readAgain().catch(this.#unreadable);
    if (commit.entries?.some((entry) => !entry.sent)) this.#mutationMade();
  }

  /** Takes over a commit: the log first, then the rows with the overlay on top, then everybody who watches. */
  adopt(commit: Commit): void {
    this.#take(commit);
    this.#settled(commit);
  }

  /** What memory has of it is on disk. */
  #settled({ entries }: Commit): void {
    this.log.announce(entries);
    this.safekeeping.note(this.log.identity, this.board.get().pending);
  }

  #take(commit: Commit): void {
    this.log.absorb(commit);
    this.#scopes = commit.scopes ?? this.#scopes;
    this.#takeJournal(commit);
    this.replica.absorb({ ...commit, rows: this.#newest(commit) });
    this.records.changed();
    this.#count();
  }

  /** A commit's rows as they are shown: none goes back behind what was foreseen. */
  #newest({ rows = [], base }: Commit): readonly RowChange[] {
    if (base) return [...this.foreseen.values()];
    return rows.map((change) => {
      const name = keyOf(change);
      const newest = this.foreseen.get(name) ?? change;
      // The very object that was foreseen: its commit has come.
      if (newest.row === change.row) this.foreseen.delete(name);
      return newest;
    });
  }

  #count(): void {
    const { progress } = this.log;
    // What is shown before it is on disk makes nothing complete: without a network it may be gone with the app.
    const [{ progress: saved } = this.log] = this.#shown.values();
    const pending = this.log.pending.filter((entry) => !isSkip(entry) && this.log.isSaved(entry));
    this.board.set({
      pending: pending.length,
      oldestUnsentAt: pending[0]?.at ?? null,
      needsAttention: this.log.entries.filter(needsAttention).length,
      lastSyncedAt: saved.lastSyncedAt,
      progress: progress.expected === undefined ? null : { rows: rowsIn(this.#scopes), of: progress.expected },
      scopes: Object.keys(this.#scopes),
    });
  }

  #takeJournal({ progress, journal, journaled }: Commit): void {
    if (journal) this.#journal = journal;
    if (journaled) this.#journal.add(journaled);
    if (!progress || progress.journal || this.#journal.isEmpty) return;
    this.#journal = new Journal();
    this.replica.renew();
  }

  /** What is held of each scope. */
  get scopes(): ScopeSums {
    return this.#scopes;
  }

  /** Whether a poke tells of anything that is not here yet; an unreadable one may. */
  isNews(poke: Poke | undefined): boolean {
    if (!poke) return true;
    return Object.entries(poke.scopes).some(([scope, version]) => version > (this.#scopes[scope]?.version ?? -1));
  }

  /** This tab may have slept through messages: looks on disk whether anything has changed, and reads it. */
  async catchUp(): Promise<void> {
    // A read that failed here is tried again, whatever the others did.
    this.replica.absorb({});
    const { identity, progress } = await readChanged(this.store, [], []);
    if (!this.#isOwn(identity)) return this.readAgain();
    await this.safekeeping.look(identity);
    if (progress.revision === this.log.progress.revision) return;
    await this.readAgain();
  }

  /** Reads everything in memory again from disk, as it stands at one moment. When that fails, memory stays as it is. */
  readAgain(): Promise<void> {
    // One that has begun may be older than what asks for this one.
    this.#nextReading ??= this.#readNext();
    return this.#nextReading;
  }

  async #readNext(): Promise<void> {
    await this.#reading?.catch(this.#unreadable);
    const reading = this.#readAll();
    this.#reading = reading;
    this.#nextReading = undefined;
    try {
      await reading;
    } finally {
      if (this.#reading === reading) this.#reading = undefined;
    }
  }

  /** Resolves when memory has what it is known to have missed. */
  async caughtUp(): Promise<void> {
    await (this.#nextReading ?? this.#reading);
  }

  close(): void {
    this.#platform.clearTimeout(this.#settleTimer);
    this.tabs.close();
    this.replica.close();
    this.records.close();
  }

  async #readAll(): Promise<void> {
    const doubtful = new Set(this.#doubtful);
    const { identity, ...read } = await readAll(this.store, this.replica.collections);
    if (!this.#isOwn(identity)) {
      await this.log.restore();
      return this.#readAll();
    }
    const kept = new Set(read.entries.map(({ seq }) => seq));
    const isGone = (seq: number) => (seq <= identity.lastSeq || doubtful.has(seq)) && !kept.has(seq);
    const removed = this.log.entries.map(({ seq }) => seq).filter(isGone);
    for (const seq of doubtful) this.#doubtful.delete(seq);
    this.adopt({ identity, ...read, removed });
    if (this.log.pending.some((entry) => !entry.sent)) this.#mutationMade();
  }

  /** Another tab may have signed the person out, and in again: then another store is in the place of this one. */
  #isOwn(identity: Identity | undefined): identity is Identity {
    return identity?.store === this.log.own.store;
  }

  async #hear(message: Exclude<TabMessage, { kind: 'signed-out' }>): Promise<void> {
    if (message.kind === 'line') return this.board.set(message.status);
    await this.caughtUp().catch(this.#unreadable);
    const { before, after, seqs, rows } = message;
    if (after <= this.log.progress.revision) return;
    if (before === this.log.progress.revision) {
      const { identity, ...changed } = await readChanged(this.store, seqs, rows);
      // Had the disk moved on further, its progress would not fit to these rows alone.
      if (this.#isOwn(identity) && changed.progress.revision === after && before === this.log.progress.revision) {
        this.adopt({ identity, ...changed });
        if (changed.entries.some((entry) => !entry.sent)) this.#mutationMade();
        return;
      }
    }
    await this.readAgain();
  }

  /** A read that failed is made good by the next commit, message or catch-up; a closed store needs none. */
  readonly #unreadable = (): void => {};
}

function rowsIn(scopes: ScopeSums): number {
  return Object.values(scopes).reduce((sum, { rows }) => sum + rows, 0);
}
