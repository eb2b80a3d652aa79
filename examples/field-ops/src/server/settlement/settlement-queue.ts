import type { Queryable } from '@ekbaar/server';
import type { PgBoss } from 'pg-boss';
import { enqueue } from '../jobs/enqueue.ts';
import type { Run } from './run-store.ts';

/**
 * Has a worker do a run, in the transaction that makes it wait for one. More jobs than one for a run do no harm: each takes
 * it up where it stands.
 */
export async function enqueueRun(
  boss: PgBoss,
  tx: Queryable,
  { tenant, id: runId }: Pick<Run, 'tenant' | 'id'>,
): Promise<void> {
  await enqueue(boss, tx, 'settlement', [{ data: { tenant, runId } }]);
}
