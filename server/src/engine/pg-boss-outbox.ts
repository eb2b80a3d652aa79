import { type SQL, sql } from 'drizzle-orm';
import { fromDrizzle, PgBoss } from 'pg-boss';
import { type Database, rowsOf } from '../db/database.ts';
import type { Outbox } from './outbox.ts';

/** Any constant that nothing else here locks: 'outb' in ASCII. */
const outboxLock = 0x6f757462;

/** Jobs as rows of pg-boss's tables in the same database. Without queues there is no pg-boss either. */
export function pgBossOutbox(database: Database, queues: readonly string[], onError: (error: unknown) => void): Outbox {
  if (queues.length === 0) {
    return {
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
      enqueue: (_tx, queue) =>
        Promise.reject(new TypeError(`enqueue: the server has no queue "${queue}"; name it in queues`)),
    };
  }
  const boss = new PgBoss({ ...database.pgBoss, schema: 'pgboss' });
  boss.on('error', onError);
  return {
    async start() {
      // Nodes that start together would meet in the catalog: both make the schema, "tuple concurrently updated".
      await database.withAdvisoryLock(outboxLock, async (db) => {
        await boss.start();
        for (const queue of queues) {
          await boss.createQueue(queue, { retryLimit: 10, retryBackoff: true, retryDelay: 5 });
        }
        await db.execute(sql`grant usage on schema pgboss to ekbaar_engine`);
        await db.execute(sql`grant select, insert, update on all tables in schema pgboss to ekbaar_engine`);
      });
    },
    stop: () => boss.stop({ graceful: false }),
    async enqueue(tx, queue, jobs) {
      const executor = { execute: async (statement: unknown) => ({ rows: await rowsOf(tx, statement as SQL) }) };
      await boss.insert(
        queue,
        jobs.map((data) => ({ data })),
        { db: fromDrizzle(executor, sql) },
      );
    },
  };
}
