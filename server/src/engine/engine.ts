import type { Model } from '@ekbaar/sdk/model';
import { type Delta, limits, type Outcome, type Row, type SyncRequest, type SyncResponse } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { type Database, rowsOf } from '../db/database.ts';
import { quoted } from '../db/identifier.ts';
import { migrate } from '../db/migrate.ts';
import { ProblemError } from '../problem.ts';
import { type Actor, mayRead, type ReadableScope } from './actor.ts';
import { readClient } from './client-log.ts';
import { collectionPage, collectionRow, type Page, type PageRequest } from './collection-page.ts';
import { decodeCursor } from './cursor.ts';
import { delta } from './delta.ts';
import type { HaltPolicy } from './halt-store.ts';
import type { Mutator } from './mutators.ts';
import type { Outbox } from './outbox.ts';
import { Pokes } from './pokes.ts';
import { push, type PushContext } from './push.ts';
import type { Rules } from './settle.ts';
import { applySingle, type SingleMutation } from './single.ts';
import { type Sweeper, startSweeper } from './sweeper.ts';
import { type SyncedTable, syncedTables, type TableDeclaration } from './synced-table.ts';
import { reading } from './transaction.ts';

export interface EngineOptions {
  readonly model: Model;
  readonly database: Database;
  readonly tables: Readonly<Record<string, TableDeclaration>>;
  readonly serverTables: readonly PgTable[];
  readonly mutators: Readonly<Record<string, Mutator>>;
  readonly scopes: (actor: Actor) => readonly ReadableScope[];
  readonly outbox: Outbox;
  readonly migrations?: string | undefined;
  readonly oldestModel: number;
  readonly haltPolicy: HaltPolicy;
  readonly sweepEveryMs: number;
  readonly clock: () => Date;
  /** Told of what operations should know; never holds args or rows. */
  readonly onProblem: (what: string, error: unknown, facts: Record<string, unknown>) => void;
}

/** Exactly-once mutations and deltas on one database. Knows nothing of HTTP. */
export class Engine {
  readonly pokes = new Pokes();
  readonly tables: ReadonlyMap<string, SyncedTable>;
  readonly #options: EngineOptions;
  readonly #pushContext: Omit<PushContext, 'onHalted'>;
  readonly #deferredConstraints: string[] = [];
  #sweeper: Sweeper | undefined;

  /** @throws TypeError when model, tables and mutators do not fit together */
  constructor(options: EngineOptions) {
    this.#options = options;
    this.tables = syncedTables(options.model, options.tables);
    checkMutators(options.model, options.mutators);
    const rules: Rules = {
      model: options.model,
      mutators: options.mutators,
      enqueue: options.outbox.enqueue,
      deferredConstraints: this.#deferredConstraints,
    };
    this.#pushContext = {
      database: options.database,
      rules,
      haltPolicy: options.haltPolicy,
      onMoved: (tenant, moved) => this.pokes.publish(tenant, moved),
    };
  }

  /** Brings the database up to date and begins to publish what other programs write. */
  async start(): Promise<void> {
    const { database, outbox, onProblem, sweepEveryMs } = this.#options;
    await migrate(database, {
      synced: this.tables.values(),
      serverTables: this.#options.serverTables,
      migrations: this.#options.migrations,
    });
    await outbox.start();
    this.#deferredConstraints.push(...(await deferredConstraints(database)));
    this.#sweeper = startSweeper(database, {
      everyMs: sweepEveryMs,
      onMoved: this.#pushContext.onMoved,
      onError: (error) => onProblem('publishing what other programs wrote failed', error, {}),
    });
  }

  async stop(): Promise<void> {
    await this.#sweeper?.stop();
    await this.#options.outbox.stop();
  }

  /** Publishes at once what other programs have committed; the sweeper does so by itself a moment later. */
  async sweep(): Promise<void> {
    await this.#sweeper?.sweep();
  }

  /** Push and pull in one go. */
  async sync(actor: Actor, request: SyncRequest): Promise<SyncResponse> {
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
    const { receipts, stopped } = await push({ ...this.#pushContext, onHalted }, actor, request, now);
    const answer = await reading(this.#options.database, actor.tenant, async (tx) => {
      const lastMutationId = (await readClient(tx, actor, request.clientId)) ?? 0;
      const changes = await delta(tx, this.tables, {
        tenant: actor.tenant,
        readable: this.readable(actor),
        cursor,
        limit: request.limit,
        diverged: request.diverged,
      });
      return { lastMutationId, ...changes };
    });
    return { request: request.request, serverTime: now.toISOString(), receipts: [...receipts], stopped, delta: answer };
  }

  #reportHalt(facts: Record<string, unknown>): PushContext['onHalted'] {
    return ({ id, name }, error) => this.#options.onProblem('a mutator threw', error, { ...facts, id, name });
  }

  /** One mutation of a program that keeps no log. */
  mutate(actor: Actor, mutation: SingleMutation): Promise<{ outcome: Outcome; replayed: boolean }> {
    const onHalted = this.#reportHalt({ tenant: actor.tenant });
    return applySingle({ ...this.#pushContext, onHalted }, actor, mutation, this.#options.clock());
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
   * @throws ProblemError `forbidden` for a scope the actor may not read
   */
  async pull(
    actor: Actor,
    request: { cursor: string | null; limit: number; scopes?: readonly string[] | undefined },
  ): Promise<Delta> {
    const readable = this.readable(actor);
    // PostgreSQL's text holds no NUL, so no scope has one.
    const denied = request.scopes?.find((scope) => scope.includes('\0') || !mayRead(readable, scope));
    if (denied !== undefined)
      throw new ProblemError('forbidden', `The scope "${denied}" is not among those this token may read`);
    const cursor = decodeCursor(request.cursor);
    return reading(this.#options.database, actor.tenant, (tx) =>
      delta(tx, this.tables, {
        tenant: actor.tenant,
        readable,
        only: request.scopes,
        cursor,
        limit: request.limit,
        diverged: [],
      }),
    );
  }

  /** A page of a collection. */
  page(actor: Actor, collection: string, request: Omit<PageRequest, 'tenant' | 'readable'>): Promise<Page> {
    const table = this.#table(collection);
    const limit = Math.min(request.limit, limits.rowsPerPage);
    return reading(this.#options.database, actor.tenant, (tx) =>
      collectionPage(tx, table, { ...request, limit, tenant: actor.tenant, readable: this.readable(actor) }),
    );
  }

  /** One row of a collection. */
  async row(actor: Actor, collection: string, id: string): Promise<Row> {
    const table = this.#table(collection);
    const found = await reading(this.#options.database, actor.tenant, (tx) =>
      collectionRow(tx, table, { id, tenant: actor.tenant, readable: this.readable(actor) }),
    );
    if (found === undefined)
      throw new ProblemError('not_found', `There is no ${collection} "${id}" that this token may read`);
    return found;
  }

  readable(actor: Actor): readonly ReadableScope[] {
    return this.#options.scopes(actor);
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
  for (const name of Object.keys(model.mutations)) {
    if (mutators[name] === undefined) throw new TypeError(`mutators: there is none for the mutation "${name}"`);
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
