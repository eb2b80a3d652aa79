import { sql } from 'drizzle-orm';
import { distribution } from './citus.ts';
import { type Queryable, rowsOf } from './database.ts';
import { type Check, type Circumstances, type Finding, problem } from './doctor/finding.ts';
import { backfills, indexes, migrations, role, rowSecurity, triggers } from './doctor/schema.ts';
import { clockSkew, longTransactions, poolerMode, serverSettings, standbys, version } from './doctor/server.ts';
import { attempts, backlog, deadLetters, halts, tombstones } from './doctor/work.ts';

export type { Circumstances, Finding } from './doctor/finding.ts';

const checks: readonly Check[] = [
  ...[version, serverSettings, clockSkew, poolerMode, standbys, longTransactions],
  ...[migrations, role, rowSecurity, triggers, backfills, indexes, distribution],
  ...[backlog, deadLetters, halts, attempts, tombstones],
];

/** Looks at everything that the engine rests on, and says of each thing what to do. Changes nothing. */
export async function examine(db: Queryable, circumstances: Circumstances): Promise<Finding[]> {
  const [row] = await rowsOf<{ there: boolean }>(
    db,
    sql`select to_regclass('sync.tracked') is not null and to_regclass('drizzle.ekbaar_migrations') is not null as there`,
  );
  const findings: Finding[] = [];
  for (const check of checks) {
    if (check.needsSchema && row?.there !== true) continue;
    for (const found of await examineOne(check, db, circumstances)) findings.push({ check: check.name, ...found });
  }
  if (row?.there !== true) {
    const missing = problem('the engine’s tables are not there', 'run ekbaar migrate');
    findings.push({ check: migrations.name, ...missing });
  }
  return findings;
}

/** One check that cannot be made, say for want of a privilege, keeps none of the others back. */
async function examineOne(check: Check, db: Queryable, circumstances: Circumstances) {
  try {
    return await check.run(db, circumstances);
  } catch (error) {
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return [problem(`could not be examined: ${why}`, 'run ekbaar doctor as the owner of the tables')];
  }
}
