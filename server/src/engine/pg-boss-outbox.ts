import { type SQL, sql } from 'drizzle-orm';
import { fromDrizzle, PgBoss } from 'pg-boss';
import { type Database, rowsOf } from '../db/database.ts';
import type { Outbox } from './outbox.ts';
import { declared, pgBossQueue, type Queue } from './queue.ts';

/** Any constant that nothing else here locks: 'outb' in ASCII. */
const outboxLock = 0x6f757462;

/** Jobs as rows of pg-boss's tables in the same database. Without queues there is no pg-boss either. */
export function pgBossOutbox(
  database: Database,
  queues: readonly (string | Queue)[],
  onError: (error: unknown) => void,
): Outbox {
  if (queues.length === 0) {
    return {
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
      enqueue: (_tx, queue) =>
        Promise.reject(new TypeError(`enqueue: the server has no queue "${queue}"; name it in queues`)),
    };
  }
  const { connectionString: url } = database.pgBoss;
  if (url !== undefined && !URL.canParse(url))
    throw new TypeError(
      'With queues, a database is reached at one host: name one that follows the primary, or a pooler',
    );
  const boss = new PgBoss({ ...database.pgBoss, schema: 'pgboss' });
  boss.on('error', onError);
  return {
    async start() {
      // Nodes that start together would meet in the catalog: both make the schema, "tuple concurrently updated".
      await database.withAdvisoryLock(outboxLock, async (db) => {
        await boss.start();
        for (const queue of queues.map(declared)) await createQueue(boss, queue);
        await db.execute(grants);
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

/**
 * The engine's role puts jobs in, and reads of a job only what putting one in answers: jobs are of all tenants, and no row-level
 * security is on pg-boss's tables. One statement, so that mutators of other nodes never find it without its rights.
 */
const grants = sql.raw(`do $$
  declare
    v_table regclass;
  begin
    grant usage on schema pgboss to ekbaar_engine;
    revoke all on all tables in schema pgboss from ekbaar_engine;
    grant select on pgboss.queue to ekbaar_engine;
    for v_table in
      select to_regclass('pgboss.job') union
      select to_regclass(format('pgboss.%I', q.table_name)) from pgboss.queue q where to_regclass(format('pgboss.%I', q.table_name)) is not null
    loop
      execute format('grant insert, select (id, start_after) on %s to ekbaar_engine', v_table);
    end loop;
  end $$`);

/** What a queue is may change from one release to the next; the jobs that are in it keep what they were made with. */
async function createQueue(boss: PgBoss, queue: Queue): Promise<void> {
  if (queue.deadLetters !== undefined) await boss.createQueue(queue.deadLetters, { retryLimit: 0 });
  const options = pgBossQueue(queue);
  await boss.createQueue(queue.name, options);
  await boss.updateQueue(queue.name, options);
}
