import { withMigrationLock } from '../db/migrate.ts';
import { untrack as untrackTable } from '../db/untrack.ts';
import { type Command, databaseHelp, databaseOptions, exit, noMore, parse, required, UsageError } from './command.ts';
import { databaseIn, withDatabase } from './open-database.ts';
import { assertMigrated } from './track.ts';

export const untrack: Command = {
  help: `Usage: ekbaar untrack COLLECTION --yes [--policies]

Takes the triggers off the collection's table, and its rows out of all scopes, and so off the phones. The table and its
rows stay as they are. A server whose model still has the collection tracks it again when it starts.

  --yes               do it
  --policies          also takes the engine's row-level security off the table
${databaseHelp}`,
  async run(args, terminal) {
    const { values, positionals } = parse(args, {
      ...databaseOptions,
      yes: { type: 'boolean' },
      policies: { type: 'boolean' },
    });
    const [name, ...more] = positionals;
    noMore(more);
    const collection = required(name, 'the collection');
    if (values.yes !== true)
      throw new UsageError(`the rows of "${collection}" will leave every phone: say --yes if that is wanted`);
    return withDatabase(databaseIn(values, terminal), async (database) => {
      await assertMigrated(database.db);
      let left = 0;
      await withMigrationLock(database, async (db) => {
        left = await untrackTable(db, collection, {
          policies: values.policies === true,
          onProgress: (rows) => terminal.note(`${collection}: ${rows} rows have left`),
        });
      });
      terminal.out(`${collection} is tracked no more; ${left} rows have left the phones.`);
      return exit.done;
    });
  },
};
