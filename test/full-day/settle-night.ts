import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';

const program = join(import.meta.dirname, '../../examples/field-ops/src/server/settle.ts');
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface NightOptions {
  readonly databaseUrl: string;
  readonly sql: Sql;
  readonly tenant: string;
  readonly file: string;
  /** How many payments the file has. */
  readonly lines: number;
  readonly kills: number;
}

/**
 * Settles the file by command. The first processes are killed after some postings each; the next one goes on; in the end
 * the same file is settled once more.
 *
 * @returns how many postings there were whenever one was killed
 */
export async function settleNight({ databaseUrl, sql, tenant, file, lines, kills }: NightOptions): Promise<number[]> {
  const killedAt: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const goal = Math.floor((lines * kill) / kills);
    const { child, ended } = start(databaseUrl, tenant, file);
    while (child.exitCode === null && (await posted(sql, tenant)) < goal) await sleep(5);
    child.kill('SIGKILL');
    await ended;
    killedAt.push(await posted(sql, tenant));
  }
  // To its end, and once more from the beginning to its end.
  for (let time = 0; time < 2; time++) {
    const { ended, output } = start(databaseUrl, tenant, file);
    const code = await ended;
    if (code !== 0 && code !== 2) throw new Error(`the settlement of ${tenant} ended with ${code}:\n${output()}`);
  }
  return killedAt;
}

function start(databaseUrl: string, tenant: string, file: string) {
  const child = spawn(process.execPath, [program, '--tenant', tenant, file], {
    env: { ...process.env, DATABASE_URL: databaseUrl, EKBAAR_SEED: 'none' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (output = (output + text.toString()).slice(-4000)));
  const ended = once(child, 'exit').then(() => {
    running.delete(child);
    return child.exitCode;
  });
  return { child, ended, output: () => output };
}

/** Lines read count as the beginning; postings as the way. -1: nothing yet. */
async function posted(sql: Sql, tenant: string): Promise<number> {
  const [row] = await sql<{ lines: number; receipts: number }[]>`
    select (select count(*) from settlement_lines where tenant = ${tenant})::int as lines,
      (select count(*) from sync.receipts where tenant = ${tenant} and name = 'reconcileDisbursement')::int as receipts`;
  return (row?.lines ?? 0) === 0 ? -1 : (row?.receipts ?? 0);
}
