import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { seededRandom } from '../support/seeded.ts';
import { bankFile, bankLinesOf, type Paid, payOut, troubles } from './bank-day.ts';

const program = join(import.meta.dirname, '../../examples/field-ops/src/server/settle.ts');
const { seed, random } = seededRandom(20_261_127);
const kills = 3;
let pg: FreshDatabase;
let fieldOps: FieldOps;
let sql: postgres.Sql;
let folder: string;
let paid: Paid[];
const running = new Set<ChildProcess>();

beforeAll(async () => {
  pg = await freshDatabase();
  fieldOps = await startFieldOps({ url: pg.url, demo: { agents: 4, deliveries: 600 } });
  sql = postgres(pg.url, { onnotice: () => {}, max: 2 });
  folder = await mkdtemp(join(tmpdir(), 'settlement-'));
  paid = await payOut(sql, 'pennco');
  await writeFile(join(folder, 'bank.csv'), bankFile(bankLinesOf(paid)));
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await sql.end();
  await fieldOps.close();
  await pg.drop();
  await rm(folder, { recursive: true });
});

function startSettling(): { child: ChildProcess; ended: Promise<number | null>; output: () => string } {
  const child = spawn(process.execPath, [program, '--tenant', 'pennco', join(folder, 'bank.csv')], {
    env: { ...process.env, DATABASE_URL: pg.url, EKBAAR_SEED: 'none' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  const ended = once(child, 'exit').then(() => {
    running.delete(child);
    return child.exitCode;
  });
  return { child, ended, output: () => output };
}

/** How far it has come: receipts that the engine has given, beyond lines that were read. */
async function progress(): Promise<number> {
  const [row] = await sql<{ lines: number; receipts: number }[]>`
    select (select count(*) from settlement_lines where tenant = 'pennco')::int as lines,
      (select count(*) from sync.receipts where tenant = 'pennco' and name = 'reconcileDisbursement')::int as receipts`;
  return (row?.lines ?? 0) === 0 ? -1 : (row?.receipts ?? 0);
}

test(`a process that is killed again and again settles every disbursement once (seed ${seed})`, async () => {
  // Where each of them is killed: the first while it reads, the others after some receipts more than the one before.
  let goal = 0;
  const killedAt: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const { child, ended } = startSettling();
    while (child.exitCode === null && (await progress()) < goal) await sleep(2);
    child.kill('SIGKILL');
    await ended;
    killedAt.push(await progress());
    goal = (killedAt.at(-1) ?? 0) + 1 + Math.floor(random() * (paid.length / kills));
  }
  // It was at work whenever it was killed.
  expect(killedAt.at(0)).toBeLessThan(paid.length / 2);
  expect(new Set(killedAt).size).toBeGreaterThan(2);

  const last = startSettling();
  expect([await last.ended, last.output()]).toEqual([2, expect.stringContaining(': done')]);

  const unposted = troubles.missing.length + troubles.returned.length + troubles.early.length;
  const [found] = await sql`
    select count(*)::int as receipts, count(distinct args->>'disbursementId')::int as disbursements,
      count(*) filter (where status = 'applied')::int as applied
    from sync.receipts where tenant = 'pennco' and name = 'reconcileDisbursement'`;
  const posted = paid.length - unposted;
  expect(found).toEqual({ receipts: posted, disbursements: posted, applied: posted });
  const [run] = await sql<
    { summary: { disbursements: Record<string, { ourPaise: number; disbursements: number }> } }[]
  >`
    select summary from settlement_runs where tenant = 'pennco'`;
  const [books] = await sql`
    select count(*)::int as disbursements, sum(amount_paise)::float8 as "ourPaise", sum(amount_paise)::float8 as "bankPaise"
    from disbursements where tenant = 'pennco' and status = 'reconciled'`;
  expect(run?.summary.disbursements['matched']).toEqual(books);
});
