import type { Model } from '@ekbaar/sdk/model';
import { limits, type Outcome, type Row, type SyncRequest, type SyncResponse } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { type Database, inBackground, type Queryable, rowsOf } from '../db/database.ts';
import { quoted } from '../db/identifier.ts';
import { migrate } from '../db/migrate.ts';
import { isStorableText } from '../db/text.ts';
import { trackedTables } from '../db/tracked-tables.ts';
import { Replica } from '../db/replica.ts';
import { ProblemError } from '../problem.ts';
import { type Actor, mayRead, type ReadableScope, readableScopes } from './actor.ts';
import { Admin } from './admin.ts';
import { AttemptLog } from './attempt-log.ts';
import { type BackfillLoop, startBackfill } from './backfill-loop.ts';
import { collectionPage, collectionRow, type Page, type PageRequest } from './collection-page.ts';
import { decodeCursor } from './cursor.ts';
import type { EncodedDelta } from './delta.ts';
import { type ClientOfDelta, DeltaReader } from './delta-reader.ts';
import { type EngineState, readState } from './engine-state.ts';
import type { HaltPolicy } from './halt-store.ts';
import type { Mutator } from './mutators.ts';
import { observedDatabase } from './observed-database.ts';
import { isCode } from './outcome.ts';
import {
  type EngineObserver,
  type StepKind,
  tellOfDelta,
  tellOfPush,
  tellOfRefusal,
  tellOfVersions,
} from './observer.ts';
import type { EnqueueJobs, Outbox } from './outbox.ts';
import { PokeRelay } from './poke-relay.ts';
import { Pokes } from './pokes.ts';
import type { Moved } from './publish.ts';
import { push, type PushContext } from './push.ts';
import { receiptsCollection, receiptsTable } from './receipts-collection.ts';
import type { ReadTable } from './rows.ts';
import type { Rules } from './settle.ts';
import { type SingleMutation } from './single.ts';
import { SingleRuns } from './single-runs.ts';
import { type Sweeper, startSweeper } from './sweeper.ts';
import { type SyncedTable, syncedTables, type TableDeclaration } from './synced-table.ts';
import { type Retention, startTombstoneSweeper, sweepTombstones, type TombstoneSweeper } from './tombstones.ts';
import { reading } from './transaction.ts';
import type { DeltaRequest } from './traversal.ts';

export interface EngineOptions {
  readonly model: Model;
  readonly database: Database;
  /** A streaming standby of it, for deltas. */
  readonly readReplica?: Database | undefined;
  readonly tables: Readonly<Record<string, TableDeclaration>>;
  readonly serverTables: readonly PgTable[];
  readonly mutators: Readonly<Record<string, Mutator>>;
  readonly scopes: (actor: Actor) => readonly ReadableScope[];
  readonly outbox: Outbox;
  readonly migrations?: string | undefined;
  readonly oldestModel: number;
  readonly haltPolicy: HaltPolicy;
  readonly sweepEveryMs: number;
  readonly retention: Retention;
  readonly clock: () => Date;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonic: () => number;
  /** Told of what operations should know; never holds args or rows. */
  readonly onProblem: (what: string, error: unknown, facts: Record<string, unknown>) => void;
  /** Told of everything else that is worth counting or timing. */
  readonly observer?: EngineObserver;
}

/** Exactly-once mutations and deltas on one database. Knows nothing of HTTP. */
export class Engine {
  readonly pokes = new Pokes((tenant, moved) => this.#deltas.told(tenant, moved));
  #relay: PokeRelay | undefined;
  /** What operations see and do. */
  readonly admin: Admin;
  readonly tables: ReadonlyMap<string, SyncedTable>;
  readonly #options: EngineOptions;
  readonly #observer: EngineObserver;
  /** Where collections are read, its transactions observed. */
  readonly #readFrom: Database;
  readonly #deltas: DeltaReader;
  readonly #pushContext: Omit<PushContext, 'onHalted'>;
  readonly #deferredConstraints: string[] = [];
  readonly #singles = new SingleRuns();
  #sweeper: Sweeper | undefined;
  #tombstones: TombstoneSweeper | undefined;
  #backfill: BackfillLoop | undefined;

  /** @throws TypeError when model, tables and mutators do not fit together */
  constructor(options: EngineOptions) {
    this.#options = options;
    this.#observer = options.observer ?? {};
    this.#readFrom = observedDatabase(options.database, this.#observer, 'read');
    this.tables = syncedTables(options.model, options.tables);
    this.#deltas = new DeltaReader({
      database: this.#readFrom,
      replica: this.#replica(),
      tables: new Map<string, ReadTable>([...this.tables, [receiptsCollection, receiptsTable]]),
      monotonic: options.monotonic,
    });
    checkMutators(options.model, options.mutators);
    const rules: Rules = {
      model: options.model,
      mutators: options.mutators,
      enqueue: options.outbox.enqueue,
      deferredConstraints: this.#deferredConstraints,
    };
    this.#pushContext = {
      database: observedDatabase(options.database, this.#observer, 'write'),
      attempts: new AttemptLog(options.database),
      rules,
      haltPolicy: options.haltPolicy,
      onMoved: (tenant, moved) => this.#moved(tenant, moved, 'write'),
    };
    this.admin = new Admin({
      ...{ database: options.database, rules, clock: options.clock, onMoved: this.#pushContext.onMoved },
      onHalted: ({ tenant, name }, error) => options.onProblem('a mutator threw', error, { tenant, name }),
    });
  }

  /** Brings the database up to date and begins to publish what other programs write. */
  async start(): Promise<void> {
    const { database, outbox, onProblem, sweepEveryMs, retention, clock } = this.#options;
    await migrate(database, {
      synced: this.tables.values(),
      serverTables: this.#options.serverTables,
      migrations: this.#options.migrations,
      model: this.#options.model.version,
    });
    await this.#nameOtherTables();
    await outbox.start();
    this.#deferredConstraints.push(...(await deferredConstraints(database)));
    const background = inBackground(database);
    if (database.shared) {
      const onError = (error: unknown) => onProblem('pokes do not reach the other nodes', error, {});
      this.#relay = new PokeRelay({ database: background, pokes: this.pokes, onError });
    }
    this.#sweeper = startSweeper(observedDatabase(background, this.#observer, 'sweep'), {
      everyMs: sweepEveryMs,
      onMoved: (tenant, moved) => this.#moved(tenant, moved, 'sweep'),
      onError: (error) => onProblem('publishing what other programs wrote failed', error, {}),
    });
    this.#tombstones = startTombstoneSweeper(observedDatabase(background, this.#observer, 'sweep'), retention, {
      clock,
      onError: (error) => onProblem('sweeping old tombstones failed', error, {}),
    });
    this.#backfill = startBackfill(background, this.tables, {
      sweep: () => this.sweep(),
      onError: (error) => onProblem('marking the rows of a large table failed', error, {}),
    });
  }

  /** A collection that this model lacks may be of a newer one, in a deploy that goes on: nothing is undone, but said. */
  async #nameOtherTables(): Promise<void> {
    const tracked = await trackedTables(this.#options.database.db);
    for (const { collection, builtIn } of tracked) {
      if (builtIn || this.tables.has(collection)) continue;
      const error = new Error(
        `"${collection}" is tracked, but not in this model: untrack it if no other version has it`,
      );
      this.#options.onProblem('a collection is tracked that the model lacks', error, { collection });
    }
  }

  /** Puts jobs into the outbox, in a transaction of the app's own: what mutators have as `enqueue`. */
  get enqueue(): EnqueueJobs {
    return this.#options.outbox.enqueue;
  }

  async stop(): Promise<void> {
    await this.#backfill?.stop();
    await this.#sweeper?.stop();
    await this.#tombstones?.stop();
    await this.#relay?.stop();
    await this.#options.outbox.stop();
  }

  #moved(tenant: string, moved: Moved, by: 'write' | 'sweep'): void {
    this.pokes.publish(tenant, moved);
    this.#relay?.gather(tenant, moved);
    tellOfVersions(this.#observer, tenant, moved, by);
  }

  /** What waits in the database, over all tenants. */
  state(): Promise<EngineState> {
    return readState(this.#options.database);
  }

  /** Pokes since the start: handed to streams of this node, told to other nodes, heard from them. */
  get pokeCounts(): { readonly streamed: number; readonly sent: number; readonly received: number } {
    return { streamed: this.pokes.told, sent: this.#relay?.sent ?? 0, received: this.#relay?.received ?? 0 };
  }

  #step<T>(kind: StepKind, { tenant }: Pick<Actor, 'tenant'>, run: () => Promise<T>): Promise<T> {
    return this.#observer.step?.({ kind, tenant }, run) ?? run();
  }

  /** Publishes at once what other programs have committed; the sweeper does so by itself a moment later. */
  async sweep(): Promise<void> {
    await this.#sweeper?.sweep();
  }

  /** Deletes at once the tombstones that are old enough; some node does so by itself every few hours. */
  async sweepTombstones(): Promise<void> {
    await sweepTombstones(this.#options.database, this.#options.retention, this.#options.clock());
  }

  /**
   * Push and pull in one go.
   *
   * @returns a `SyncResponse` as JSON text
   */
  async sync(actor: Actor, request: SyncRequest): Promise<string> {
    const now = this.#options.clock();
    if (request.model < this.#options.oldestModel) {
      throw new ProblemError(
        'model_too_old',
        `Model version ${request.model} is not understood any more (the oldest is ${this.#options.oldestModel}): update the app`,
      );
    }
    // Read first: a cursor that is none must not leave mutations applied behind an error.
    const cursor = decodeCursor(request.cursor);
    const onHalted = this.#reportHalt({ tenant: actor.tenant, client: request.clientId });
    const pushed = await this.#step('push', actor, () => push({ ...this.#pushContext, onHalted }, actor, request, now));
    tellOfPush(this.#observer, actor.tenant, request, pushed);
    const { receipts, last, stopped } = pushed;
    const delta = await this.#delta(
      { ...this.#readBy(actor), cursor, limit: request.limit, diverged: request.diverged },
      { clientId: request.clientId, last },
    );
    const answer: Omit<SyncResponse, 'delta'> = {
      request: request.request,
      serverTime: now.toISOString(),
      receipts: [...receipts],
      stopped,
    };
    const changes = `{"lastMutationId":${delta.lastMutationId},${delta.json.slice(1)}`;
    return `${JSON.stringify(answer).slice(0, -1)},"delta":${changes}}`;
  }

  #reportHalt(facts: Record<string, unknown>): PushContext['onHalted'] {
    return ({ id, name }, error) => this.#options.onProblem('a mutator threw', error, { ...facts, id, name });
  }

  /** One mutation of a program that keeps no log. */
  async mutate(actor: Actor, mutation: SingleMutation): Promise<{ outcome: Outcome; replayed: boolean }> {
    const { tenant } = actor;
    const { name } = mutation;
    const onHalted = this.#reportHalt({ tenant });
    try {
      const answer = await this.#step('mutate', actor, () =>
        this.#singles.apply({ ...this.#pushContext, onHalted }, actor, mutation, this.#options.clock()),
      );
      const { outcome, replayed } = answer;
      this.#observer.mutation?.({ tenant, name, outcome: outcome.status, code: outcome.error?.code, replayed });
      return answer;
    } catch (error) {
      tellOfRefusal(this.#observer, tenant, name, error);
      throw error;
    }
  }

  /** Whether a mutation of this name leaves a receipt. Unknown names do: as dead letters. */
  keepsReceipt(name: string): boolean {
    const declared = Object.hasOwn(this.#options.model.mutations, name)
      ? this.#options.model.mutations[name]
      : undefined;
    return declared?.audit ?? true;
  }

  /**
   * The delta alone, for readers that push nothing.
   *
   * @param scopes only these; undefined: all that the actor may read
   * @returns a `Delta` as JSON text
   * @throws ProblemError `forbidden` for a scope the actor may not read
   */
  async pull(
    actor: Actor,
    request: { cursor: string | null; limit: number; scopes?: readonly string[] | undefined },
  ): Promise<string> {
    const by = this.#readBy(actor);
    const denied = request.scopes?.find((scope) => !isStorableText(scope) || !mayRead(by.readable, scope));
    if (denied !== undefined)
      throw new ProblemError('forbidden', `The scope "${denied}" is not among those this token may read`);
    const cursor = decodeCursor(request.cursor);
    const { limit } = request;
    return (await this.#delta({ ...by, only: request.scopes, cursor, limit, diverged: [] })).json;
  }

  async #delta(request: DeltaRequest, client?: ClientOfDelta): Promise<EncodedDelta> {
    const delta = await this.#step('delta', request, () => this.#deltas.read(request, client));
    tellOfDelta(this.#observer, request.tenant, delta, request.diverged);
    return delta;
  }

  #readBy(actor: Actor): Pick<DeltaRequest, 'tenant' | 'readable'> {
    return { tenant: actor.tenant, readable: this.readable(actor) };
  }

  #replica(): Replica | undefined {
    const { readReplica, monotonic, onProblem } = this.#options;
    if (readReplica === undefined) return undefined;
    // Else each delta would be refused there, and come from the primary: nobody would see what the replica is for.
    if (readReplica.standby !== true) throw new TypeError('readReplica: open it with `standby: true`');
    return new Replica({
      database: observedDatabase(readReplica, this.#observer, 'read'),
      monotonic,
      onError: (error) => onProblem('the read replica does not answer: deltas come from the primary', error, {}),
    });
  }

  #reading<T>(kind: StepKind, actor: Actor, body: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.#step(kind, actor, () => reading(this.#readFrom, actor.tenant, body));
  }

  /** A page of a collection. */
  page(actor: Actor, collection: string, request: Omit<PageRequest, 'tenant' | 'readable'>): Promise<Page> {
    const table = this.#table(collection);
    const limit = Math.min(request.limit, limits.rowsPerPage);
    return this.#reading('page', actor, (tx) =>
      collectionPage(tx, table, { ...request, limit, tenant: actor.tenant, readable: this.readable(actor) }),
    );
  }

  /** One row of a collection. */
  row(actor: Actor, collection: string, id: string): Promise<Row> {
    const table = this.#table(collection);
    return this.#reading('row', actor, (tx) =>
      collectionRow(tx, table, { id, tenant: actor.tenant, readable: this.readable(actor) }),
    );
  }

  readable(actor: Actor): readonly ReadableScope[] {
    return readableScopes(actor, this.#options.scopes(actor));
  }

  #table(collection: string): SyncedTable {
    const table = this.tables.get(collection);
    if (table !== undefined) return table;
    throw new ProblemError(
      'not_found',
      `There is no collection "${collection}"; there are ${[...this.tables.keys()].join(', ')}`,
    );
  }
}

function checkMutators(model: Model, mutators: Readonly<Record<string, Mutator>>): void {
  for (const [name, { rejects }] of Object.entries(model.mutations)) {
    if (mutators[name] === undefined) throw new TypeError(`mutators: there is none for the mutation "${name}"`);
    const wrong = rejects.find((code) => !isCode(code));
    if (wrong !== undefined)
      throw new TypeError(`model: "${name}" rejects with ${JSON.stringify(wrong)}: a code has 1 to 64 characters`);
  }
  for (const name of Object.keys(mutators)) {
    if (model.mutations[name] === undefined) throw new TypeError(`mutators: the model has no mutation "${name}"`);
  }
}

async function deferredConstraints(database: Database): Promise<string[]> {
  const rows = await rowsOf<{ schema: string; name: string }>(
    database.db,
    sql`select distinct n.nspname as schema, c.conname as name from pg_constraint c join pg_namespace n on n.oid = c.connamespace
        where c.condeferred and n.nspname not in ('pg_catalog', 'information_schema')`,
  );
  return rows.map(({ schema, name }) => `${quoted(schema)}.${quoted(name)}`);
}
