import type { Database } from '@ekbaar/server';
import { PgBoss } from 'pg-boss';

/** pg-boss for what ops do by hand: opened when it is first needed, and it works on nothing by itself. */
export interface OpsBoss {
  boss(): Promise<PgBoss>;
  close(): Promise<void>;
}

export function opsBoss(database: Database, onError: (error: Error) => void): OpsBoss {
  let opening: Promise<PgBoss> | undefined;
  return {
    boss: () =>
      (opening ??= open(database, onError).catch((error: unknown) => {
        opening = undefined;
        throw error;
      })),
    async close() {
      await (await opening)?.stop({ graceful: false });
    },
  };
}

async function open(database: Database, onError: (error: Error) => void): Promise<PgBoss> {
  const boss = new PgBoss({
    ...database.pgBoss,
    ...{ schema: 'pgboss', supervise: false, schedule: false, migrate: false, createSchema: false },
    ...{ registerInstance: false, ...(database.shared ? { max: 1 } : {}) },
  });
  boss.on('error', onError);
  await boss.start();
  return boss;
}
