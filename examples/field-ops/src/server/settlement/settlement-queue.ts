import type { Database } from '@ekbaar/server';
import { enqueue } from '../jobs/enqueue.ts';
import type { OpsBoss } from '../jobs/ops-boss.ts';

/** Has a worker do a run. More jobs than one for a run do no harm: each takes it up where it stands. */
export async function enqueueRun(database: Database, bosses: OpsBoss, tenant: string, runId: string): Promise<void> {
  await enqueue(await bosses.boss(), database.db, 'settlement', [{ data: { tenant, runId } }]);
}
