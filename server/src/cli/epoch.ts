import { sql } from 'drizzle-orm';
import { rowsOf } from '../db/database.ts';
import { newEpoch } from '../db/epoch.ts';
import { type Command, databaseHelp, databaseOptions, exit, noMore, parse, UsageError } from './command.ts';
import { databaseIn, withDatabase } from './open-database.ts';
import { assertMigrated } from './track.ts';

export const epoch: Command = {
  help: `Usage: ekbaar epoch [show]
       ekbaar epoch new --yes

The epoch names the history of this database. After a backup was restored to an earlier moment, or a standby promoted
that may lack what the old primary had confirmed, give it a new one before servers start: every phone then takes its
rows anew and sends the mutations it keeps again, under their old keys. Nothing is lost or done twice, but all phones
load their rows once more.

  --yes               new: do it
  --json
${databaseHelp}`,
  async run(args, terminal) {
    const { values, positionals } = parse(args, {
      ...databaseOptions,
      yes: { type: 'boolean' },
      json: { type: 'boolean' },
    });
    const [action = 'show', ...more] = positionals;
    noMore(more);
    if (action !== 'show' && action !== 'new') throw new UsageError(`"${action}" is neither "show" nor "new"`);
    if (action === 'new' && values.yes !== true)
      throw new UsageError('every phone will load its rows again: say --yes if that is wanted');
    return withDatabase(databaseIn(values, terminal), async (database) => {
      await assertMigrated(database.db);
      const [row] = await rowsOf<{ value: string }>(
        database.db,
        sql`select value from sync.settings where name = 'epoch'`,
      );
      const before = row?.value;
      const now = action === 'new' ? await newEpoch(database) : before;
      if (values.json === true) terminal.out(JSON.stringify({ epoch: now, ...(action === 'new' && { before }) }));
      else terminal.out(action === 'new' ? `The epoch is ${now} now; it was ${before}.` : String(now));
      return exit.done;
    });
  },
};
