import { type Database, openDatabase } from '@ekbaar/server';
import { parse } from 'csv-parse/sync';
import { strFromU8, unzipSync } from 'fflate';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forgetExpired, takeExport } from '../../examples/field-ops/src/server/exports/export-store.ts';
import { writeExport } from '../../examples/field-ops/src/server/exports/write-export.ts';
import type { Bench } from '../../examples/field-ops/src/server/jobs/consumers/consumer.ts';
import { schedule } from '../../examples/field-ops/src/server/jobs/consumers/schedule.ts';
import { opsBoss } from '../../examples/field-ops/src/server/jobs/ops-boss.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

const log = { info: () => {} };
let pg: FreshDatabase;
let fieldOps: FieldOps;
let database: Database;
let sql: postgres.Sql;
let now = new Date();
const clock = () => now;

interface Shown {
  id: string;
  state: string;
  rows: number;
  total: number | null;
  path: string;
}

beforeAll(async () => {
  pg = await freshDatabase();
  fieldOps = await startFieldOps({ url: pg.url, clock });
  database = await openDatabase({ url: pg.url, connections: 4 });
  sql = postgres(pg.url, { onnotice: () => {}, max: 2 });
});
afterAll(async () => {
  await sql.end();
  await database.close();
  await fieldOps.close();
  await pg.drop();
});

const path = '/api/v1/exports';
const ask = (token: string, body: object) => fieldOps.post(path, token, body);
const write = (id: string, tenant = 'pennco') => writeExport({ database, clock, log }, tenant, id);
/** Asks for a file, has it written, and fetches it. */
async function exported(token: string, body: object, tenant?: string): Promise<Buffer> {
  const asked = await ask(token, body);
  if (asked.status !== 202) throw new Error(asked.text);
  const { id } = asked.body as Shown;
  await write(id, tenant);
  const file = await fetch(`${fieldOps.url}${path}/${id}/file`, { headers: { authorization: `Bearer ${token}` } });
  expect(file.status).toBe(200);
  return Buffer.from(await file.arrayBuffer());
}

describe('over HTTP', () => {
  test('every kind in every format holds the rows of the own operator', async () => {
    const token = await fieldOps.token('ops', 'ops');
    const agent = await fieldOps.token('a01', 'agent');
    const [delivery] =
      await sql`select id, amount_paise from deliveries where tenant = 'pennco' and agent_id = 'a01' and status = 'pending' order by id limit 1`;
    const confirm = { amountPaise: Number(delivery?.['amount_paise']), confirmedAt: '2026-11-22T10:00:00Z' };
    await fieldOps.post(`/api/v1/deliveries/${delivery?.['id']}/confirm`, agent, confirm, {
      'idempotency-key': crypto.randomUUID(),
    });
    const counts = { deliveries: 60, ledger: 2, audit: 1, 'day-closings': 0 };
    for (const [kind, count] of Object.entries(counts)) {
      const csv = parse(await exported(token, { kind, format: 'csv' }), { bom: true, columns: true }) as object[];
      expect([kind, csv.length]).toEqual([kind, count]);
      const lines = (await exported(token, { kind, format: 'jsonl' })).toString().split('\n').slice(0, -1);
      expect([kind, lines.length]).toEqual([kind, count]);
      const sheet = strFromU8(
        unzipSync(await exported(token, { kind, format: 'xlsx' }))['xl/worksheets/sheet1.xml'] ?? new Uint8Array(),
      );
      expect([kind, sheet.match(/<row /g)?.length]).toEqual([kind, count + 1]);
    }
    const [own] = await sql`select string_agg(id, ',' order by id) as ids from disbursements where tenant = 'pennco'`;
    const found = (await exported(token, { kind: 'disbursements', format: 'jsonl' }))
      .toString()
      .split('\n')
      .slice(0, -1);
    expect(found.map((line) => (JSON.parse(line) as { id: string }).id).join()).toBe(own?.['ids']);
  });

  test('the audit holds what happened to sign-ins too, of the own operator', async () => {
    const before = new Date().toISOString().slice(0, 10);
    const add = (tenant: string, subject: string) => sql`
      insert into identity_audit (tenant, at, id, event, actor, subject, phone_id, address, detail)
      values (${tenant}, now(), gen_random_uuid(), 'phone_revoked', 'ops', ${subject}, 'phone-9', '10.0.0.1', 'stolen')`;
    await add('vishi', 'of-vishi');
    await add('salesco', 'of-salesco');
    const token = await fieldOps.token('ops', 'ops', 'vishi');
    const lines = await exported(token, { kind: 'audit', format: 'jsonl', filters: { from: before } }, 'vishi');
    expect(
      lines
        .toString()
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([{ action: 'phone_revoked', actor: 'ops', subject: 'of-vishi', status: 'done' }]);
    expect(lines.toString()).toContain('10.0.0.1');
    // Under the role of mutators the table itself is out of reach, as before.
    await expect(
      sql.begin(async (tx) => {
        await tx`set local role ekbaar_engine`;
        await tx`select from identity_audit`;
      }),
    ).rejects.toThrow('permission denied');
  });

  test('a name that is a formula is only text', async () => {
    await sql`update deliveries set customer_name = '=HYPERLINK("http://x")' where tenant = 'vishi' and id = 'd0001'`;
    const token = await fieldOps.token('ops', 'ops', 'vishi');
    const csv = parse(await exported(token, { kind: 'deliveries', format: 'csv' }, 'vishi'), {
      bom: true,
      columns: true,
    });
    expect((csv as Record<string, string>[])[0]?.['customer name']).toBe(`'=HYPERLINK("http://x")`);
  });

  test('who oversees some regions gets those, and nothing that is of all', async () => {
    const regions = await sql<{ id: string; count: number }[]>`
      select region_id as id, count(*)::int as count from deliveries where tenant = 'pennco' group by 1 order by 1`;
    const [mine, other] = regions;
    const some = await fieldOps.token('east', 'ops', 'pennco', { regions: [mine?.id] });
    const lines = (await exported(some, { kind: 'deliveries', format: 'jsonl' })).toString().split('\n').slice(0, -1);
    expect(lines.map((line) => (JSON.parse(line) as { regionId: string }).regionId)).toEqual(
      Array.from({ length: mine?.count ?? 0 }, () => mine?.id),
    );
    expect((await ask(some, { kind: 'deliveries', format: 'csv', filters: { region: other?.id } })).status).toBe(403);
    expect((await ask(some, { kind: 'audit', format: 'csv' })).status).toBe(403);
    expect((await ask(await fieldOps.token('a01', 'agent'), { kind: 'deliveries', format: 'csv' })).status).toBe(403);
  });

  test('a file is whose it is: another operator, another person and an agent do not reach it', async () => {
    const token = await fieldOps.token('east', 'ops', 'pennco', { regions: ['r1'] });
    const { id } = (await ask(token, { kind: 'deliveries', format: 'csv' })).body as Shown;
    await write(id);
    const others = [
      await fieldOps.token('ops', 'ops', 'vishi'),
      await fieldOps.token('west', 'ops', 'pennco', { regions: ['r1'] }),
      // The same person, whose regions were taken away.
      await fieldOps.token('east', 'ops', 'pennco', { regions: ['r2'] }),
    ];
    for (const other of others) {
      expect((await fieldOps.get(`${path}/${id}`, other)).status).toBe(404);
      expect((await fieldOps.get(`${path}/${id}/file`, other)).status).toBe(404);
      expect((await fieldOps.post(`${path}/${id}/link`, other, {})).status).toBe(404);
      expect(
        ((await fieldOps.get(path, other)).body as { exports: Shown[] }).exports.map((one) => one.id),
      ).not.toContain(id);
    }
    expect((await fieldOps.get(`${path}/${id}/file`, null)).status).toBe(401);
    const all = await fieldOps.token('ops', 'ops');
    expect((await fieldOps.get(`${path}/${id}/file`, all)).status).toBe(200);
  });

  test('a link needs no token, is good for ten minutes and until the next one, and the file for a day', async () => {
    const token = await fieldOps.token('ops', 'ops');
    const { id } = (await ask(token, { kind: 'deliveries', format: 'csv' })).body as Shown;
    expect((await fieldOps.post(`${path}/${id}/link`, token, {})).status).toBe(404);
    await write(id);
    const link = async () => ((await fieldOps.post(`${path}/${id}/link`, token, {})).body as Shown).path;
    const first = await link();
    expect((await fieldOps.get(first, null)).status).toBe(200);
    const second = await link();
    expect((await fieldOps.get(first, null)).status).toBe(403);
    expect((await fieldOps.get(`${second}x`, null)).status).toBe(403);
    // It names the operator, by which the export is found, and is of no use for another one.
    expect(second).toContain('?link=pennco.');
    for (const other of ['vishi.', '', '%00.', '..'])
      expect((await fieldOps.get(second.replace('pennco.', other), null)).status).toBe(403);
    expect((await fieldOps.get(second.replace(id, '-'.repeat(36)), null)).status).toBe(403);
    now = new Date(now.getTime() + 11 * 60_000);
    expect((await fieldOps.get(second, null)).status).toBe(403);
    const third = await link();
    now = new Date(now.getTime() + 24 * 60 * 60_000);
    expect((await fieldOps.get(third, null)).status).toBe(403);
    expect((await fieldOps.get(`${path}/${id}/file`, token)).status).toBe(404);
    expect(await forgetExpired(database, now)).toBeGreaterThan(0);
    expect((await fieldOps.get(`${path}/${id}`, token)).body).toMatchObject({ state: 'expired' });
    expect(await sql`select from export_parts where export_id = ${id}`).toHaveLength(0);
    now = new Date();
  });

  test('a worker that dies in the last try leaves an export that failed, and not one that is awaited for ever', async () => {
    const token = await fieldOps.token('unlucky', 'ops');
    const asked = async () => ask(token, { kind: 'deliveries', format: 'csv' });
    const ids: string[] = [];
    for (let at = 0; at < 5; at++) ids.push(((await asked()).body as Shown).id);
    expect((await asked()).status).toBe(429);
    const [queued = '', running = '', alive = ''] = ids;
    const { db } = database;
    for (const id of [running, alive]) await takeExport(db, 'pennco', id);
    await sql`insert into export_parts (tenant, export_id, part, bytes) values ('pennco', ${running}, 0, 'x')`;
    const bosses = opsBoss(database, () => {});
    try {
      const boss = await bosses.boss();
      for (const id of [queued, running])
        await sql`update pgboss.job set state = 'active', retry_count = retry_limit, started_on = now() - interval '1 day',
          heartbeat_on = now() - interval '1 day' where data->>'exportId' = ${id}`;
      await boss.supervise('export');
      const handling = { createdOn: now, signal: new AbortController().signal, lastTry: false };
      const beat = () => schedule.run({ db, clock } as Bench, { name: 'settle-dead' }, handling);
      expect(await beat()).toMatchObject({ note: expect.stringContaining('; 2 exports') as string });
      expect(await beat()).toMatchObject({ note: expect.stringContaining('; 0 exports') as string });
      const state = async (id: string) => (await fieldOps.get(`${path}/${id}`, token)).body;
      for (const id of [queued, running])
        expect(await state(id)).toMatchObject({ state: 'failed', error: 'Its worker died in the last try: ask again' });
      expect(await state(alive)).toMatchObject({ state: 'running' });
      expect(await sql`select from export_parts where export_id = ${running}`).toHaveLength(0);
      expect((await asked()).status).toBe(202);
    } finally {
      await bosses.close();
    }
  });

  test('what does not fit is refused, and nobody fills the queue', async () => {
    const token = await fieldOps.token('busy', 'ops');
    for (const body of [
      { kind: 'receipts', format: 'csv' },
      { kind: 'deliveries', format: 'pdf' },
      { kind: 'deliveries', format: 'csv', filters: { from: 'today' } },
      { kind: 'deliveries', format: 'csv', filters: { tenant: 'vishi' } },
    ])
      expect((await ask(token, body)).status).toBe(400);
    expect((await ask(token, { kind: 'settlement-lines', format: 'csv' })).status).toBe(404);
    const statuses = [];
    for (let at = 0; at < 6; at++) statuses.push((await ask(token, { kind: 'deliveries', format: 'csv' })).status);
    expect(statuses).toEqual([202, 202, 202, 202, 202, 429]);
  });
});
