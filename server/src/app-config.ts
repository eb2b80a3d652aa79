import type { Model } from '@ekbaar/sdk/model';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Actor, ReadableScope } from './engine/actor.ts';
import type { HaltPolicy } from './engine/halt-store.ts';
import type { Mutators } from './engine/mutators.ts';
import type { Queue } from './engine/queue.ts';
import type { TableDeclaration } from './engine/synced-table.ts';

/** What an app is, apart from how it is reached: the same for its servers and for the `ekbaar` command. */
export interface AppConfig<M extends Model> {
  readonly model: M;
  /** The table and the scopes of each collection of the model. */
  readonly tables: { readonly [Name in keyof M['collections']]: TableDeclaration };
  /** Tables that mutators use and clients never see; each has a `tenant` column. */
  readonly serverTables?: readonly PgTable[];
  readonly mutators: Mutators<M>;
  /** What an actor may read. */
  readonly scopes: (actor: Actor) => readonly ReadableScope[];
  /** Queues that mutators may `enqueue` to, and those of the app's own jobs: names, or how their jobs are tried too. */
  readonly queues?: readonly (string | Queue)[];
  /** The app's own drizzle-kit migrations folder, run before its tables are tracked. */
  readonly migrations?: string;
  /** The oldest model version that is still understood; 1 by default: phones stay in the field for long. */
  readonly oldestModel?: number;
  /** When a mutation that keeps throwing becomes a dead letter: by default after 5 tries and 15 minutes. */
  readonly haltPolicy?: HaltPolicy;
}

/**
 * An app's configuration in a module of its own (`ekbaar.config.ts`, as its default export), which the `ekbaar` command
 * reads and the server spreads into `createServer`.
 *
 * @example
 * export default defineConfig({ model, tables, mutators, scopes, migrations });
 */
export function defineConfig<M extends Model>(config: AppConfig<M>): AppConfig<M> {
  return config;
}
