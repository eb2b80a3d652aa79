import { distribute, distributionPlan, readCluster } from '../db/citus.ts';
import type { Queryable } from '../db/database.ts';
import { migrate as migrateDatabase } from '../db/migrate.ts';
import { pgBossOutbox } from '../engine/pg-boss-outbox.ts';
import { syncedTables, tableName } from '../engine/synced-table.ts';
import {
  type Command,
  configHelp,
  configOptions,
  databaseHelp,
  databaseOptions,
  exit,
  noMore,
  parse,
  UsageError,
} from './command.ts';
import { loadConfig } from './load-config.ts';
import { databaseIn, withDatabase } from './open-database.ts';
import { assertMigrated } from './track.ts';

export const migrate: Command = {
  help: `Usage: ekbaar migrate [--config FILE] [--citus [--print]]

Runs the engine's and the app's migrations, makes the tables of the model synced, and makes the queues of the outbox.
Servers do the same when they start; run it first where they may not change the schema. Several at once wait for each
other.

  --citus             distributes every table by tenant over a Citus cluster, all colocated, and tracks them with
                      triggers that work there. No server may run meanwhile.
  --print             with --citus: only says what would be done
${configHelp}
${databaseHelp}`,
  async run(args, terminal) {
    const { values, positionals } = parse(args, {
      ...databaseOptions,
      ...configOptions,
      citus: { type: 'boolean' },
      print: { type: 'boolean' },
    });
    noMore(positionals);
    if (values.print === true && values.citus !== true) throw new UsageError('--print goes with --citus');
    const reached = databaseIn(values, terminal);
    const config = await loadConfig(values.config, terminal);
    const synced = syncedTables(config.model, config.tables as Parameters<typeof syncedTables>[1]);
    if (values.citus === true && reached.pooler !== undefined)
      throw new UsageError('--citus sets up sessions: give a --database past the pooler, and no --pooler');
    const serverTables = config.serverTables ?? [];
    const appTables = [...[...synced.values()].map(({ name }) => name), ...serverTables.map(tableName)];
    return withDatabase(reached, async (database) => {
      if (values.print === true) {
        await assertMigrated(database.db);
        const plan = distributionPlan(await readCluster(database.db, appTables));
        for (const statement of plan) terminal.out(`${statement};`);
        if (plan.length === 0) terminal.note('everything is distributed already');
        return exit.done;
      }
      const distributed: string[] = [];
      const cluster = {
        triggers: 'row' as const,
        beforeTracking: async (db: Queryable) => void distributed.push(...(await distribute(db, appTables))),
      };
      await migrateDatabase(database, {
        ...{ synced: synced.values(), serverTables, migrations: config.migrations, model: config.model.version },
        ...(values.citus === true && cluster),
      });
      const failed: unknown[] = [];
      const outbox = pgBossOutbox(database, config.queues ?? [], (error) => failed.push(error));
      await outbox.start();
      await outbox.stop();
      if (failed.length > 0) throw failed[0];
      if (values.citus === true)
        terminal.out(
          distributed.length === 0
            ? 'Everything was distributed already.'
            : `Distributed with ${count(distributed.length, 'statement')}.`,
        );
      terminal.out(`The database is up to date: ${count(synced.size, 'collection')} tracked.`);
      return exit.done;
    });
  },
};

const count = (many: number, what: string) => `${many} ${what}${many === 1 ? '' : 's'}`;
