import { sql } from 'drizzle-orm';
import { type Database, rowsOf } from '../db/database.ts';
import { askPrimary, type Replica } from '../db/replica.ts';
import { delta, type EncodedDelta } from './delta.ts';
import type { Heads } from './heads.ts';
import { NewestVersions } from './newest-versions.ts';
import type { Moved } from './publish.ts';
import type { ReadTable } from './rows.ts';
import { SharedChanges } from './shared-changes.ts';
import { reading } from './transaction.ts';
import type { DeltaRequest } from './traversal.ts';

/** How long the primary's epoch is taken as known. */
const epochKeptMs = 10_000;

export interface DeltaReaderOptions {
  readonly database: Database;
  /** Where deltas may be read too. */
  readonly replica: Replica | undefined;
  readonly tables: ReadonlyMap<string, ReadTable>;
  readonly monotonic: () => number;
}

/** Whose log a delta goes with: it must not be older than what the push before it said. */
export interface ClientOfDelta {
  readonly clientId: string;
  /** How far its log had come on the primary. */
  readonly last: number;
}

/** Reads deltas, from a replica where it knows enough and from the primary otherwise. */
export class DeltaReader {
  readonly #options: DeltaReaderOptions;
  readonly #shared: SharedChanges;
  readonly #newest: NewestVersions;
  #epoch: { value: Promise<string | undefined>; readAt: number } | undefined;

  constructor(options: DeltaReaderOptions) {
    this.#options = options;
    this.#shared = new SharedChanges(options.monotonic);
    this.#newest = new NewestVersions(options.monotonic);
  }

  /** Takes note of what readers are told: they will come for it. */
  told(tenant: string, moved: Moved): void {
    if (this.#options.replica !== undefined) this.#newest.note(tenant, moved);
  }

  read(request: DeltaRequest, client?: ClientOfDelta): Promise<EncodedDelta> {
    const { replica } = this.#options;
    const primary = () => this.#readPrimary(request, client);
    // A scope that is sent anew because it did not fit must not come from where it may not fit either.
    if (replica === undefined || request.diverged.length > 0) return primary();
    return replica.read(() => this.#readReplica(replica, request, client), primary);
  }

  async #readPrimary(request: DeltaRequest, client: ClientOfDelta | undefined): Promise<EncodedDelta> {
    const { database, tables } = this.#options;
    const source = { tables, source: 'primary', shared: this.#shared.take } as const;
    const answer = await reading(database, request.tenant, (tx) => delta(tx, source, request, client?.clientId));
    if (answer === undefined) throw new Error('the primary has nobody else to ask');
    return answer;
  }

  async #readReplica(
    { database }: Replica,
    request: DeltaRequest,
    client: ClientOfDelta | undefined,
  ): Promise<EncodedDelta | typeof askPrimary> {
    const { tables } = this.#options;
    const epoch = await this.#primaryEpoch();
    const accepts = (snapshot: Heads) =>
      snapshot.epoch === epoch &&
      snapshot.lastMutationId >= (client?.last ?? 0) &&
      this.#newest.areIn(request.tenant, snapshot.heads);
    const source = { tables, source: 'replica', accepts, shared: this.#shared.take } as const;
    return (
      (await reading(database, request.tenant, (tx) => delta(tx, source, request, client?.clientId))) ?? askPrimary
    );
  }

  /** A replica of another history, left behind by a restore or a promotion, is none. */
  async #primaryEpoch(): Promise<string | undefined> {
    const now = this.#options.monotonic();
    const before = this.#epoch;
    if (before !== undefined && now - before.readAt < epochKeptMs) return before.value;
    // While the primary is away, what it said last counts until it is back: for all who ask at once.
    const value = readEpoch(this.#options.database).catch(() => before?.value);
    this.#epoch = { value, readAt: now };
    const epoch = await value;
    if (epoch === undefined) this.#epoch = undefined;
    return epoch;
  }
}

async function readEpoch(database: Database): Promise<string> {
  const [row] = await rowsOf<{ value: string }>(database.db, sql`select value from sync.settings where name = 'epoch'`);
  if (row === undefined) throw new Error('sync.settings has no epoch: the migrations have not run');
  return row.value;
}
