import { examine, type Finding } from '../db/doctor.ts';
import { isPooled } from '../db/pooler-probe.ts';
import {
  type Command,
  configHelp,
  configOptions,
  databaseHelp,
  databaseOptions,
  exit,
  noMore,
  parse,
  UsageError,
} from './command.ts';
import { loadConfigIfAny } from './load-config.ts';
import { databaseIn, reaching, withDatabase } from './open-database.ts';

/** What a server keeps when nobody says otherwise. */
const usualConnections = '10';

export const doctor: Command = {
  help: `Usage: ekbaar doctor [--config FILE] [--connections N] [--json]

Examines what the engine rests on: PostgreSQL's version and settings, clocks, poolers, standbys, migrations, the engine's
role, row-level security, triggers, indexes, backfills, the distribution over a Citus cluster, and what waits for somebody:
unpublished writes, dead letters, halted queues. Changes nothing. Ends with 1 when there is a problem.

  --connections N     how many connections each server keeps; ${usualConnections} by default
  --json
${configHelp}
                      (optional here: with it, the model's collections are compared)
${databaseHelp}`,
  async run(args, terminal) {
    const { values, positionals } = parse(args, {
      ...databaseOptions,
      ...configOptions,
      connections: { type: 'string', default: usualConnections },
      json: { type: 'boolean' },
    });
    noMore(positionals);
    if (!/^[1-9]\d{0,3}$/.test(values.connections)) throw new UsageError('--connections is a number from 1 to 9999');
    const reached = databaseIn(values, terminal);
    const config = await loadConfigIfAny(values.config, terminal);
    // Asked first, and without settings: so it goes on where nobody has mentioned a pooler, and says so.
    const pooled = await reaching(reached, isPooled(reached.url));
    const findings = await withDatabase({ ...reached, pooler: pooled ? 'transaction' : undefined }, ({ db }) =>
      examine(db, {
        clock: terminal.clock,
        pooler: reached.pooler,
        pooled,
        connectionsPerNode: Number(values.connections),
        collections: config && Object.keys(config.model.collections),
      }),
    );
    if (values.json === true) terminal.out(JSON.stringify(findings, undefined, 2));
    else for (const finding of findings) terminal.out(linesOf(finding));
    return findings.some(({ level }) => level === 'problem') ? exit.failed : exit.done;
  },
};

const marks: Readonly<Record<Finding['level'], string>> = {
  problem: 'PROBLEM',
  warning: 'warning',
  fine: 'ok',
  note: 'note',
};

function linesOf({ check, level, says, remedy }: Finding): string {
  const line = `${marks[level].padEnd(8)}${check}: ${says}`;
  return remedy === undefined ? line : `${line}\n        → ${remedy}`;
}
