import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, openDatabase } from '@ekbaar/server';
import { parse } from 'csv-parse/sync';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ExportReplaced } from '../../examples/field-ops/src/server/exports/export-store.ts';
import { writeExport } from '../../examples/field-ops/src/server/exports/write-export.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

const program = join(import.meta.dirname, 'export-process.ts');
const log = { info: () => {} };
const clock = () => new Date();
const [few, some, many] = [5_000, 40_000, 60_000];
let pg: FreshDatabase;
let fieldOps: FieldOps;
let database: Database;
let sql: postgres.Sql;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  pg = await freshDatabase();
  fieldOps = await startFieldOps({ url: pg.url });
  database = await openDatabase({ url: pg.url, connections: 4 });
  sql = postgres(pg.url, { onnotice: () => {}, max: 2 });
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await sql.end();
  await database.close();
  await fieldOps.close();
  await pg.drop();
});
const write = (id: string, tenant: string) => writeExport({ database, clock, log }, tenant, id);

const made = async (tenant: string, rows: number) => {
  await sql`alter table deliveries disable trigger all`;
  await sql`insert into deliveries (tenant, id, kind, status, agent_id, region_id, village, pincode, customer_name, customer_phone, mfi_id, loan_id, instalment_no, amount_paise, due_on)
    select ${tenant}, 'x' || lpad(i::text, 7, '0'), 'collection', 'pending', 'a01', 'r1', 'Village ' || i % 999, '800001',
      md5(i::text), '+910000000000', 'bfil', 'L' || i, 1, 100000 + i, '2026-11-22' from generate_series(1, ${rows}) i`;
  await sql`alter table deliveries enable trigger all`;
};
const queued = async (tenant: string, format: string): Promise<string> => {
  const id = crypto.randomUUID();
  await sql`insert into exports (tenant, id, kind, format, filters, requested_by, requested_at)
    values (${tenant}, ${id}, 'deliveries', ${format}, '{}', 'ops', now())`;
  return id;
};
const start = (tenant: string, id: string) => {
  const child = spawn(process.execPath, ['--max-old-space-size=64', program, pg.url, tenant, id], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  void once(child, 'exit').then(() => running.delete(child));
  return child;
};
beforeAll(async () => {
  await made('few', few);
  await made('some', some);
  await made('many', many);
});

test.for(['csv', 'xlsx'])(
  `${many} rows as %s take no more memory than ${few}`,
  { timeout: 300_000 },
  async (format) => {
    const memory: Record<string, number> = {};
    for (const [tenant, rows] of [
      ['few', few],
      ['many', many],
    ] as const) {
      const child = start(tenant, await queued(tenant, format));
      const said = JSON.parse(await text(child.stdout)) as { rows: number; state: string; maxRssKb: number };
      expect(said).toMatchObject({ rows, state: 'done' });
      memory[tenant] = said.maxRssKb / 1024;
    }
    console.log(
      `${format}: ${memory['few']?.toFixed()} MiB for ${few} rows, ${memory['many']?.toFixed()} MiB for ${many}`,
    );
    // Twelve times the rows: held, they would not fit into the heap it is given. The collector's mood is some tens.
    expect(memory['many']).toBeLessThan((memory['few'] ?? 0) + 64);
  },
);

test('a worker that is killed leaves nothing that counts: the next one writes the whole file', async () => {
  const id = await queued('some', 'csv');
  for (let kill = 0; kill < 2; kill++) {
    const child = start('some', id);
    const parts = async () => (await sql`select from export_parts where export_id = ${id}`).length;
    while ((await parts()) < 3 + kill && child.exitCode === null) await sleep(1);
    expect(child.exitCode, 'it was done before it could be killed').toBe(null);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  expect(await sql`select state from exports where id = ${id}`).toEqual([{ state: 'running' }]);
  expect(await write(id, 'some')).toMatchObject({ state: 'done', rows: some, total: some });
  const rows = await sql`select part, bytes from export_parts where export_id = ${id} order by part`;
  const csv = parse(Buffer.concat(rows.map(({ bytes }) => bytes as Buffer)), { bom: true, columns: true }) as {
    id: string;
  }[];
  expect(new Set(csv.map((row) => row.id)).size).toBe(some);
  expect(csv).toHaveLength(some);
});

test('one that is cancelled, or taken over, stops', async () => {
  const id = await queued('few', 'jsonl');
  const first = write(id, 'few').catch((error: unknown) => error);
  while ((await sql`select from exports where id = ${id} and rows > 0`).length === 0) await sleep(1);
  const second = await write(id, 'few');
  expect([second?.state, second?.rows]).toEqual(['done', few]);
  expect(await first).toBeInstanceOf(ExportReplaced);
  // Its parts are those of the second alone.
  const [sum] = await sql`select sum(length(bytes))::int as bytes from export_parts where export_id = ${id}`;
  expect(sum?.['bytes']).toBe(second?.bytes);
});
