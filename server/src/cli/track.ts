import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { fillStep } from '../db/backfill.ts';
import { type Queryable, rowsOf } from '../db/database.ts';
import { withMigrationLock } from '../db/migrate.ts';
import { track as trackTables } from '../db/track.ts';
import { type SyncedTable, syncedTables } from '../engine/synced-table.ts';
import {
  type Command,
  configHelp,
  configOptions,
  databaseHelp,
  databaseOptions,
  exit,
  parse,
  type Terminal,
  UsageError,
} from './command.ts';
import { loadConfig } from './load-config.ts';
import { databaseIn, withDatabase } from './open-database.ts';

/** Until another node that marks the same table's rows has got on. */
const busyPauseMs = 500;
const stepsPerNote = 20;

export const track: Command = {
  help: `Usage: ekbaar track COLLECTION … [--again] [--config FILE]
       ekbaar track --all [--again] [--config FILE]

Puts triggers on the collection's table that note every write, whoever writes, and row-level security; then marks the
rows that it holds, in short transactions, and waits for the end of that. Nobody is kept from writing meanwhile. Broken
off, it goes on where it was. Servers do the same when they start, and a large table's rows in the background.

  --all               every collection of the model
  --again             marks all rows once more: every phone takes them anew
  --triggers KIND     "statement" or "row"; by default what fits the table
${configHelp}
${databaseHelp}`,
  async run(args, terminal) {
    const { values, positionals } = parse(args, {
      ...databaseOptions,
      ...configOptions,
      all: { type: 'boolean' },
      again: { type: 'boolean' },
      triggers: { type: 'string' },
    });
    const { triggers } = values;
    if (triggers !== undefined && triggers !== 'statement' && triggers !== 'row')
      throw new UsageError(`--triggers is "statement" or "row", not "${triggers}"`);
    if ((values.all === true) === positionals.length > 0) throw new UsageError('name the collections, or say --all');
    const reached = databaseIn(values, terminal);
    const config = await loadConfig(values.config, terminal);
    const all = syncedTables(config.model, config.tables as Parameters<typeof syncedTables>[1]);
    const tables = values.all === true ? [...all.values()] : positionals.map((name) => tableOf(all, name));
    return withDatabase(reached, async (database) => {
      await assertMigrated(database.db);
      await withMigrationLock(database, (db) =>
        trackTables(db, tables, { model: config.model.version, triggers, again: values.again }),
      );
      for (const table of tables) {
        await fill(database.db, table, terminal);
        terminal.out(`${table.collection} is tracked: every write of ${table.name} leaves a mark.`);
      }
      return exit.done;
    });
  },
};

async function fill(db: Queryable, table: SyncedTable, { note }: Terminal): Promise<void> {
  let marked = 0;
  for (let step = 1; ; step++) {
    const { state, rows } = await fillStep(db, table);
    if (state === 'filled') return;
    if (state === 'busy') await sleep(busyPauseMs);
    marked += rows;
    if (step % stepsPerNote === 0) note(`${table.collection}: ${marked} rows marked`);
  }
}

function tableOf(tables: ReadonlyMap<string, SyncedTable>, name: string): SyncedTable {
  const table = tables.get(name);
  if (table === undefined)
    throw new UsageError(`the model has no collection "${name}"; there are ${[...tables.keys()].join(', ')}`);
  return table;
}

/** @throws Error when the engine's tables are not there */
export async function assertMigrated(db: Queryable): Promise<void> {
  const [row] = await rowsOf<{ there: boolean }>(db, sql`select to_regclass('sync.tracked') is not null as there`);
  if (row?.there !== true) throw new Error('the engine’s tables are not in this database: run ekbaar migrate first');
}
