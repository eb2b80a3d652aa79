import type { Queryable } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { demoDay, type DemoSize } from './demo-day.ts';
import { insertDemoAccounts } from './identity/demo.ts';
import { operators } from './operators.ts';
import { agents, deliveries, disbursements } from './tables.ts';
import { openDirectory } from './places/directory.ts';
import { readRegions } from './villages.ts';

const rowsPerStatement = 500;

/**
 * Loads the demo day of every operator, with everybody's accounts, unless there are agents already. Like any other program's writes, the rows
 * are published by the triggers and the sweeper.
 *
 * @param date the day, `YYYY-MM-DD`
 * @returns whether it was loaded now
 */
export async function seedDemo(db: Queryable, date: string, size: DemoSize): Promise<boolean> {
  const places = await openDirectory();
  return db.transaction(async (tx) => {
    // Two nodes that start together must not both load it; and who waits for the other, waits as long as that takes.
    await tx.execute(sql`set local lock_timeout = '5min'`);
    await tx.execute(sql`set local statement_timeout = '5min'`);
    await tx.execute(sql`lock table ${agents} in share row exclusive mode`);
    if ((await tx.select({ id: agents.id }).from(agents).limit(1)).length > 0) return false;
    for (const operator of operators) {
      const regions = readRegions(operator.state, operator.districts, places);
      const day = demoDay(operator, regions, date, size);
      for (const rows of chunks(day.agents)) await tx.insert(agents).values(rows);
      for (const rows of chunks(day.deliveries)) await tx.insert(deliveries).values(rows);
      for (const rows of chunks(day.disbursements)) await tx.insert(disbursements).values(rows);
      const now = new Date(`${date}T00:00:00+05:30`);
      await insertDemoAccounts(tx, { operator, regions, agents: day.agents, now });
    }
    return true;
  });
}

function chunks<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / rowsPerStatement) }, (_, at) =>
    rows.slice(at * rowsPerStatement, (at + 1) * rowsPerStatement),
  );
}
