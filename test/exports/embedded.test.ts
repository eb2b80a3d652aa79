import { nodePlatform, openDatabase, type Server } from '@ekbaar/server';
import { fieldOpsServer } from '@ekbaar/field-ops/server';
import { seedDemo } from '@ekbaar/field-ops/seed';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportBytes } from '../../examples/field-ops/src/server/exports/export-store.ts';
import { writeExport } from '../../examples/field-ops/src/server/exports/write-export.ts';
import { receiveFile } from '../../examples/field-ops/src/server/settlement/receive-file.ts';
import { settle } from '../../examples/field-ops/src/server/settlement/settlement-run.ts';
import { startFieldOps } from '../support/field-ops.ts';

// PGlite has one connection, which the server needs too.
const { clock } = nodePlatform;
const log = { info: () => {} };
const database = await openDatabase({});
let server: Server;

beforeAll(async () => {
  server = fieldOpsServer(database, { secret: crypto.randomUUID() });
  await server.start();
  await seedDemo(database.db, '2026-11-22', { agents: 4, deliveries: 60 });
});
afterAll(() => server.close());

test('a file is exported on the embedded database', async () => {
  const id = crypto.randomUUID();
  await database.db.execute(sql`insert into exports (tenant, id, kind, format, filters, requested_by, requested_at)
    values ('pennco', ${id}, 'deliveries', 'jsonl', '{}', 'ops', now())`);
  expect(await writeExport({ database, clock, log }, 'pennco', id)).toMatchObject({
    state: 'done',
    rows: 60,
    total: 60,
  });
  let text = '';
  for await (const bytes of exportBytes(database, { tenant: 'pennco', id })) text += Buffer.from(bytes).toString();
  expect(text.trimEnd().split('\n')).toHaveLength(60);
});

test('the first thing that somebody asks of a server is an export: it is queued, and the server goes on', async () => {
  const fieldOps = await startFieldOps();
  try {
    const token = await fieldOps.token('ops', 'ops');
    const asked = await fieldOps.post('/api/v1/exports', token, { kind: 'deliveries', format: 'csv', filters: {} });
    expect(asked).toMatchObject({ status: 202, body: { state: 'queued' } });
    expect((await fieldOps.get('/readyz', null)).status).toBe(200);
  } finally {
    await fieldOps.close();
  }
});

test('a bank’s file is settled on the embedded database', async () => {
  await database.db.execute(sql`update disbursements set status = 'disbursed' where tenant = 'pennco'`);
  const bytes = (async function* () {
    yield await Promise.resolve(
      Buffer.from('Date,UTR,Reference,Amount\n22/11/2026,U1,b0000,500\n22/11/2026,U2,nobody,500\n'),
    );
  })();
  const { run } = await receiveFile(database, { tenant: 'pennco', name: 'bank.csv', by: 'test', bytes }, clock);
  const done = await settle({ database, engine: server.engine, clock, log }, 'pennco', run.id);
  expect(done).toMatchObject({ state: 'done', summary: { file: { lines: 3 }, lines: { unknown: { lines: 2 } } } });
  expect(done?.summary?.disbursements.missing.disbursements).toBeGreaterThan(5);
});
