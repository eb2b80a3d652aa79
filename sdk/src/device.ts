import type { Commit } from './commit.ts';
import { needsAttention } from './log/entry.ts';
import { MutationLog } from './log/mutation-log.ts';
import { Records } from './log/records.ts';
import type { Model } from './model/index.ts';
import type { Platform } from './platform.ts';
import type { Poke } from './protocol/index.ts';
import type { OptimisticEffects } from './replica/optimistic.ts';
import { Replica } from './replica/replica.ts';
import { StatusBoard } from './status.ts';
import type { ScopeSums } from './store/meta.ts';
import type { Store } from './store/store.ts';
import { readChanged, readLog } from './tabs/catch-up.ts';
import { type TabMessage, Tabs } from './tabs/tabs.ts';

/** What is on this device, as memory mirrors it: every commit, of this tab or another, passes through here. */
export class Device {
  readonly store: Store;
  readonly board: StatusBoard;
  readonly log: MutationLog;
  readonly records: Records;
  readonly replica: Replica;
  readonly tabs: Tabs;
  readonly #mutationMade: () => void;
  #scopes: ScopeSums;

  /** @param options.mutationMade is told when there is something new to push, from whichever tab. */
  constructor(options: {
    store: Store;
    platform: Platform;
    model: Model;
    effects: OptimisticEffects<Model>;
    start: Awaited<ReturnType<typeof readLog>>;
    mutationMade: () => void;
  }) {
    const { store, platform, model, effects, start } = options;
    this.store = store;
    this.#mutationMade = options.mutationMade;
    this.#scopes = start.scopes;
    this.board = new StatusBoard(platform.online());
    this.log = new MutationLog(store, start, (commit) => this.committed(commit));
    this.records = new Records(
      () => this.log.entries,
      (error) => this.board.failed('listener_failed', error),
    );
    this.replica = new Replica({
      store,
      model,
      effects,
      uncovered: () => this.log.uncovered,
      failed: this.board.failed,
    });
    this.tabs = new Tabs(platform, store.sharedAs, (message) => void this.#heard(message).catch(this.#unreadable));
    this.adopt({});
  }

  /** This tab has written to the store. */
  committed(commit: Commit): void {
    this.adopt(commit);
    this.tabs.committed(commit);
    if (commit.entries?.some((entry) => !entry.sent)) this.#mutationMade();
  }

  /** Takes over a commit: the log first, then the rows with the overlay on top, then everybody who watches. */
  adopt(commit: Commit): void {
    this.log.absorb(commit);
    this.#scopes = commit.scopes ?? this.#scopes;
    this.replica.absorb(commit.rows ?? []);
    this.records.changed();
    const { pending, progress } = this.log;
    this.board.set({
      pending: pending.length,
      oldestUnsentAt: pending[0]?.at ?? null,
      needsAttention: this.log.entries.filter(needsAttention).length,
      lastSyncedAt: progress.lastSyncedAt,
      scopes: Object.keys(this.#scopes),
    });
  }

  /** Whether a poke tells of anything that is not here yet; an unreadable one may. */
  isNews(poke: Poke | undefined): boolean {
    if (!poke) return true;
    return Object.entries(poke.scopes).some(([scope, version]) => version > (this.#scopes[scope]?.version ?? -1));
  }

  /** This tab may have slept through messages: looks on disk whether anything has changed, and reads it. */
  async catchUp(): Promise<void> {
    const { identity, progress } = await readChanged(this.store, [], []);
    if (progress.revision === this.log.progress.revision && identity.lastSeq === this.log.identity.lastSeq) return;
    await this.readAgain();
  }

  /** Reads everything in memory again from disk. */
  async readAgain(): Promise<void> {
    const start = await readLog(this.store);
    const kept = new Set(start.entries.map(({ seq }) => seq));
    const { lastSeq } = start.identity;
    const removed = this.log.entries.map(({ seq }) => seq).filter((seq) => seq <= lastSeq && !kept.has(seq));
    this.adopt({ ...start, removed });
    await this.replica.reload();
  }

  close(): void {
    this.tabs.close();
    this.replica.close();
    this.records.close();
  }

  async #heard(message: TabMessage): Promise<void> {
    if (message.kind === 'line') return this.board.set(message.status);
    const commit = await readChanged(this.store, message.seqs, message.rows);
    this.adopt(commit);
    if (commit.entries?.some((entry) => !entry.sent)) this.#mutationMade();
  }

  /** A read that failed is made good by the next catch-up; a closed store needs none. */
  readonly #unreadable = (): void => {};
}
