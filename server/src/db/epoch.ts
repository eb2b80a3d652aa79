import { sql } from 'drizzle-orm';
import { type Database, rowsOf } from './database.ts';

/**
 * Gives the history of this database a new name: after a restore, or a promotion that is not known to be lossless. Every
 * phone then takes its rows anew and sends the mutations that it keeps again, under their old keys.
 *
 * @returns the new epoch
 */
export async function newEpoch(database: Database): Promise<string> {
  const [row] = await rowsOf<{ value: string }>(
    database.db,
    sql`insert into sync.settings (name, value) values ('epoch', gen_random_uuid()::text)
        on conflict (name) do update set value = excluded.value returning value`,
  );
  if (row === undefined) throw new Error('the epoch could not be renewed: the database took it and said nothing');
  return row.value;
}
