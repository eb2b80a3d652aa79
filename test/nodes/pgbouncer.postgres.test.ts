import { openDatabase } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addDelivery, confirm, statusOf } from '../protocol/delivery.ts';
import { device } from '../protocol/device.ts';
import { openEvents } from '../protocol/event-stream.ts';
import { catchUp, Replica } from '../protocol/replica.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { havePgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

/** Fewer than one server's own connections: whatever would stay on a connection meets others there. */
const serverConnections = 4;
const tenants = ['pennco', 'vishi', 'salesco'] as const;

describe.skipIf(!havePgBouncer())('behind PgBouncer in transaction mode', () => {
  let database: FreshDatabase;
  let bouncer: PgBouncer;
  let a: FieldOps;
  let b: FieldOps;
  /** Past the pooler. */
  let direct: postgres.Sql;
  beforeAll(async () => {
    database = await freshDatabase();
    bouncer = await startPgBouncer(database.url, serverConnections);
    console.log(bouncer.version);
    // Together, as after a power cut: both migrate, and only one at a time may.
    const start = () => startFieldOps({ url: bouncer.url, pooler: 'transaction' });
    [a, b] = await Promise.all([start(), start()]);
    direct = postgres(database.url, { max: 1, onnotice: () => {} });
  });
  afterAll(async () => {
    await a.close();
    await b.close();
    await direct.end();
    await bouncer.stop();
    await database.drop();
  });

  test('it was migrated and tracked once, and its jobs have their tables', async () => {
    const [row] = await direct`
      select (select count(*)::int from sync.tracked where table_name = 'public.deliveries' or table_name = '"public"."deliveries"') as tracked,
        (select count(*)::int from pg_trigger where tgrelid = 'deliveries'::regclass and tgname like 'ekbaar%' and tgenabled = 'A') as triggers,
        (select count(*)::int from pgboss.queue where name in ('sms', 'mfi-webhook')) as queues`;
    expect(row).toMatchObject({ tracked: 1, queues: 2 });
    expect(row?.['triggers']).toBeGreaterThanOrEqual(4);
  });

  test('a batch, its replay and a rejection; the phone has what the tables have', async () => {
    const deliveries = await Promise.all(Array.from({ length: 120 }, () => addDelivery(a)));
    const phone = device(a, await a.token('a01', 'agent'));
    const mutations = phone.next(
      ...deliveries.map((delivery) => confirm(delivery)),
      confirm({ id: 'nowhere', amountPaise: 1 }),
    );
    const first = await phone.sync({ mutations });
    expect(first.receipts.map(({ status }) => status)).toEqual([...deliveries.map(() => 'applied'), 'rejected']);
    const again = await b.sync(await b.token('a01', 'agent'), { clientId: phone.clientId, mutations });
    expect(again.receipts.map(({ replayed }) => replayed)).toEqual(mutations.map(() => true));
    await a.server.engine.sweep();
    const replica = new Replica();
    await catchUp(replica, async (cursor) => (await phone.sync({ cursor })).delta);
    const confirmed = [...replica.rows].filter(
      ([id, row]) => id.startsWith('deliveries/t-') && row['status'] === 'confirmed',
    );
    expect(confirmed).toHaveLength(deliveries.length);
  });

  test('REST, a collection, another program’s write and a job', async () => {
    const delivery = await addDelivery(a);
    const [token, key] = [await a.token('a01', 'agent'), crypto.randomUUID()];
    const send = (node: FieldOps, as: string) =>
      node.post('/v1/mutations/confirmDelivery', as, confirm(delivery).args, { 'idempotency-key': key });
    const answer = await send(a, token);
    expect(answer.status).toBe(200);
    const replay = await send(b, await b.token('a01', 'agent'));
    expect([replay.status, replay.text, replay.headers.get('idempotency-replayed')]).toEqual([
      200,
      answer.text,
      'true',
    ]);
    await direct`update deliveries set village = 'Elsewhere' where id = ${delivery.id}`;
    await b.server.engine.sweep();
    const row = await a.get(`/v1/collections/deliveries/${delivery.id}`, token);
    expect(row.body).toMatchObject({ status: 'confirmed', village: 'Elsewhere' });
    const jobs = await direct`select from pgboss.job where data ->> 'key' = ${key}`;
    expect(jobs.length).toBeGreaterThan(0);
  });

  test('a mutator that throws halts its queue, and the retry is applied', async () => {
    const delivery = await addDelivery(a);
    const phone = device(a, await a.token('a01', 'agent'));
    const mutations = phone.next(confirm(delivery));
    await direct`alter table ledger_entries rename to ledger_entries_away`;
    const halted = await phone.sync({ mutations });
    await direct`alter table ledger_entries_away rename to ledger_entries`;
    expect(halted).toMatchObject({ receipts: [], stopped: { id: 1, code: 'halted' } });
    expect(await direct`select tries from sync.halts`).toMatchObject([{ tries: 1 }]);
    expect(await phone.sync({ mutations })).toMatchObject({ receipts: [{ status: 'applied' }], stopped: null });
    expect(await direct`select from sync.halts`).toEqual([]);
  });

  test('pokes reach the other node', async () => {
    const delivery = await addDelivery(a);
    await a.server.engine.sweep();
    const stream = await openEvents(b.url, await b.token('a01', 'agent'));
    const phone = device(a, await a.token('a01', 'agent'));
    const { delta } = await phone.sync({ mutations: phone.next(confirm(delivery)), limit: 1000 });
    const version = delta.scopes['agent:a01']?.version;
    await expect.poll(() => stream.pokes(), { timeout: 20_000 }).toContainEqual({ 'agent:a01': version });
    stream.close();
    await stream.ended;
  });

  test('three tenants at once on the same few connections: each sees and moves its own only', async () => {
    const rounds = 15;
    await Promise.all(
      tenants.flatMap((tenant) =>
        [a, b].map(async (node) => {
          const phone = device(node, await node.token('a02', 'agent', tenant));
          for (let round = 0; round < rounds; round++) {
            const delivery = await addDelivery(node, { tenant, agentId: 'a02', regionId: `only-${tenant}` });
            const { receipts, delta } = await phone.sync({ mutations: phone.next(confirm(delivery)) });
            expect(receipts).toMatchObject([{ status: 'applied' }]);
            const strangers = delta.changes.filter(({ row }) => row !== null && ofOther(row['regionId'], tenant));
            expect(strangers).toEqual([]);
          }
        }),
      ),
    );
    const money = await direct`
      select e.tenant, count(*)::int as count from ledger_entries e
      join deliveries d on d.tenant = e.tenant and d.id = e.delivery_id and d.region_id = 'only-' || e.tenant
      group by e.tenant order by e.tenant`;
    expect(money.map((row) => ({ ...row }))).toEqual(
      tenants.toSorted().map((tenant) => ({ tenant, count: 2 * 2 * rounds })),
    );
  });

  test('nothing of ours stays on a server connection', async () => {
    const client = postgres(bouncer.url, { max: 1, prepare: false, onnotice: () => {} });
    // Round robin: this comes by every connection of the pool.
    for (let at = 0; at < serverConnections * 4; at++) {
      const [row] = await client`
        select coalesce(current_setting('ekbaar.tenant', true), '') as tenant, coalesce(current_setting('ekbaar.origin', true), '') as origin,
          current_user = session_user as own_role, current_setting('statement_timeout') as timeout,
          (select count(*)::int from pg_prepared_statements) as prepared,
          (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks`;
      expect(row).toEqual({ tenant: '', origin: '', own_role: true, timeout: '0', prepared: 0, locks: 0 });
    }
    await client.end();
  });

  test('a lock that another program keeps too long: 503 unavailable, as without a pooler', async () => {
    const delivery = await addDelivery(a);
    const phone = device(a, await a.token('a01', 'agent'));
    const mutations = phone.next(confirm(delivery));
    await direct.begin(async (tx) => {
      await tx`select from deliveries where id = ${delivery.id} for update`;
      const answer = await a.trySync(phone.token, { clientId: phone.clientId, mutations });
      expect([answer.status, answer.body]).toMatchObject([503, { code: 'unavailable' }]);
    });
    expect((await phone.sync({ mutations })).receipts).toMatchObject([{ status: 'applied' }]);
    expect(await statusOf(a, delivery)).toBe('confirmed');
  });

  test('the advisory lock is held by one at a time, and let go of when its work fails', async () => {
    const open = () => openDatabase({ url: bouncer.url, pooler: 'transaction', connections: 1 });
    const nodes = await Promise.all([open(), open(), open(), open(), open(), open()]);
    let [inside, most] = [0, 0];
    const work = nodes.map((node, at) =>
      node.withAdvisoryLock(4711, async (db) => {
        most = Math.max(most, ++inside);
        await db.execute(sql`select pg_sleep(0.05)`);
        inside--;
        if (at % 2 === 0) throw new Error('failed');
      }),
    );
    const ends = await Promise.allSettled(work);
    expect(most).toBe(1);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    await Promise.all(nodes.map((node) => node.close()));
  });

  test('a server that was not told of the pooler says what to tell it', async () => {
    await expect(startFieldOps({ url: bouncer.url })).rejects.toThrow("pooler: 'transaction'");
  });
});

const ofOther = (regionId: unknown, tenant: string) =>
  typeof regionId === 'string' && regionId.startsWith('only-') && regionId !== `only-${tenant}`;
