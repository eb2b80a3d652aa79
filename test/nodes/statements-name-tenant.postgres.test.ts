import { PgDialect } from 'drizzle-orm/pg-core';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addDelivery, confirm } from '../protocol/delivery.ts';
import { device } from '../protocol/device.ts';
import { openEvents } from '../protocol/event-stream.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type PostgresTap, type SentStatement, startPostgresTap } from '../support/postgres-tap.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

const tenants = ['pennco', 'vishi', 'salesco'];

/**
 * What looks at all tenants at once, by nature, and is on nobody's way: no request waits for it. Each must really occur
 * below, or its line goes.
 */
const acrossTenants: readonly { what: string; pattern: RegExp }[] = [
  { what: 'the sweeper asks which tenants have marks, by the index', pattern: /with recursive .*sync\.dirty/is },
  { what: 'a scrape of /metrics counts what waits', pattern: /count\(\*\).*closed_at is null limit.*as dead/is },
];

let database: FreshDatabase;
let tap: PostgresTap;
let ekbaar: FieldOps;
/** Past the tap. */
let direct: postgres.Sql;
/** Tables that are distributed on a cluster: those with a tenant, but for pokes, which stay with the coordinator. */
let distributed: string[];
/** What was sent from when the server was ready. */
let sent: SentStatement[];

beforeAll(async () => {
  database = await freshDatabase();
  tap = await startPostgresTap(database.url);
  ekbaar = await startFieldOps({ url: tap.url, clock: () => new Date(Date.now() + passedMs) });
  direct = postgres(database.url, { max: 2, onnotice: () => {} });
  const rows = await direct<{ name: string }[]>`
    select c.table_name as name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
    where c.column_name = 'tenant' and t.table_type = 'BASE TABLE' and c.table_schema in ('sync', 'public') and c.table_name <> 'pokes'`;
  distributed = rows.map(({ name }) => name);
  const from = tap.sent.length;
  await wholeProtocol();
  sent = tap.sent.slice(from);
});
afterAll(async () => {
  await ekbaar.close();
  await direct.end();
  await tap.close();
  await database.drop();
});

let passedMs = 0;

/** Every operation of the protocol, each outcome of it, and what a server does by itself meanwhile. */
async function wholeProtocol(): Promise<void> {
  const [agent, ops] = [await ekbaar.token('a01', 'agent'), await ekbaar.token('ops', 'ops')];
  const stream = await openEvents(ekbaar.url, agent);
  const deliveries = await addedPastTheTap(60);
  const phone = device(ekbaar, agent);
  const [one, two, three, ...rest] = deliveries;
  if (one === undefined || two === undefined || three === undefined) throw new Error('no deliveries');
  const mutations = phone.next(
    ...rest.map((delivery) => confirm(delivery)),
    confirm(rest[0] ?? one),
    confirm({ id: 'nowhere', amountPaise: 1 }),
    { name: 'noSuchMutation', args: { any: 1 } },
    { name: 'recordLocation', args: { lat: 1, lng: 1, accuracyM: 1, at: new Date().toISOString() } },
    { name: '$skip' },
  );
  const { delta } = await phone.sync({ mutations });
  await phone.sync({ mutations, ack: mutations.length, cursor: delta.cursor });
  await phone.sync({ cursor: delta.cursor, diverged: ['agent:a01'], limit: 7 });

  const post = (name: string, args: unknown, key: string) =>
    ekbaar.post(`/v1/mutations/${name}`, agent, args, { 'idempotency-key': key });
  const key = crypto.randomUUID();
  for (let times = 0; times < 2; times++)
    expect((await post('confirmDelivery', confirm(one).args, key)).status).toBe(200);
  expect((await post('confirmDelivery', confirm(two).args, key)).status).toBe(422);

  await direct`alter table ledger_entries add constraint broken check (false) not valid`;
  const dying = phone.next(confirm(two, { key: crypto.randomUUID() }));
  for (let times = 0; times < 8; times++) {
    await phone.sync({ mutations: dying });
    passedMs += 5 * 60_000;
  }
  expect((await post('confirmDelivery', confirm(three).args, crypto.randomUUID())).status).toBe(503);
  await direct`alter table ledger_entries drop constraint broken`;

  const admin = (path: string) => ekbaar.get(`/v1/admin/${path}`, ops);
  for (const path of ['dead-letters', 'receipts?actor=a01', 'receipts?status=dead', 'audit']) await admin(path);
  const dead = dying[0]?.key ?? '';
  await ekbaar.post(`/v1/admin/dead-letters/${dead}/retry`, ops, {});
  const unknown = mutations.find(({ name }) => name === 'noSuchMutation')?.key ?? '';
  await ekbaar.post(`/v1/admin/dead-letters/${unknown}/close`, ops, { reason: 'no such thing' });
  await admin(`receipts/${dead}`);
  await phone.sync({ cursor: delta.cursor });

  await ekbaar.get('/v1/pull?limit=5', ops);
  await ekbaar.get('/v1/collections/deliveries?limit=3&sort=amountPaise', ops);
  await ekbaar.get(`/v1/collections/deliveries/${one.id}`, agent);
  await direct`update deliveries set village = 'Elsewhere', agent_id = 'a02' where id = ${one.id}`;
  await direct`delete from deliveries where id = ${two.id}`;
  await ekbaar.server.engine.sweep();
  await phone.sync({ cursor: delta.cursor });
  await ekbaar.get('/metrics', null);
  // The sweeper and the pokes have had their turn by themselves.
  await vi.waitFor(() => expect(stream.pokes()).not.toEqual([]), 20_000);
  await vi.waitFor(
    () => expect(tap.sent.some(({ text }) => text.includes('insert into sync.pokes'))).toBe(true),
    20_000,
  );
  stream.close();
  await stream.ended;
}

/** Through the database itself: what a test writes is no statement of the engine. */
async function addedPastTheTap(count: number) {
  const query = async (statement: Parameters<FieldOps['query']>[0]) => {
    const { sql: text, params } = new PgDialect().sqlToQuery(statement);
    await direct.unsafe(text, params as (string | number | null)[]);
    return [];
  };
  const past = { ...ekbaar, query } as unknown as FieldOps;
  return Promise.all(Array.from({ length: count }, () => addDelivery(past)));
}

/** The tables with a tenant that a text works on, once for each time it does. */
function tablesIn(text: string): string[] {
  const names = distributed.join('|');
  const pattern = new RegExp(
    `(?:\\b(?:from|join|update|into|using|only)\\s+(?:"?(?:sync|public)"?\\.)?|,\\s*"?(?:sync|public)"?\\.)"?(${names})"?(?![\\w.(])`,
    'gi',
  );
  return [...withoutComments(text).matchAll(pattern)].map(([, name]) => name ?? '');
}

/** How often a text says whose rows it means: by comparing a table's tenant, or by writing it. */
function tenantsIn(text: string): number {
  const plain = withoutComments(text);
  const compared = plain.match(/"?\btenant"?\s*=\s*/gi) ?? [];
  const written = plain.match(/insert into [\w."]+(?: as \w+)?\s*\(\s*"?tenant"?/gi) ?? [];
  return compared.length + written.length;
}

function withoutComments(text: string): string {
  return text.replaceAll(/--[^\n]*/g, '').replaceAll(/\/\*.*?\*\//gs, '');
}

function namesTenant({ text, parameters }: SentStatement): boolean {
  const said =
    parameters.some((value) => value !== null && tenants.includes(value)) ||
    tenants.some((name) => text.includes(`'${name}'`));
  return said && tenantsIn(text) >= tablesIn(text).length;
}

describe('the tenant as distribution column', () => {
  test('every statement that the engine sends to a table with a tenant names the tenant, for each table in it', () => {
    const touching = sent.filter(({ text }) => tablesIn(text).length > 0);
    // The run was the protocol, not a few reads of it.
    expect(new Set(touching.map(({ text }) => text)).size).toBeGreaterThan(30);
    const touched = new Set(touching.flatMap(({ text }) => tablesIn(text)));
    for (const name of [
      'clients',
      'slots',
      'receipts',
      'once',
      'halts',
      'scopes',
      'changes',
      'dirty',
      'audit',
      'attempts',
    ])
      expect(touched, `${name} is worked on`).toContain(name);

    const across = (text: string) => acrossTenants.some(({ pattern }) => pattern.test(text));
    const silent = touching.filter((statement) => !namesTenant(statement) && !across(statement.text));
    expect([...new Set(silent.map(({ text }) => text))]).toEqual([]);
  });

  test('what looks at all tenants is what is listed, no more', () => {
    const gone = acrossTenants.filter(({ pattern }) => !sent.some(({ text }) => pattern.test(text)));
    expect(gone.map(({ what }) => what)).toEqual([]);
  });

  test('so do the statements inside of the engine’s functions', async () => {
    const functions = await direct<{ name: string; source: string }[]>`
      select p.proname as name, p.prosrc as source from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'sync'`;
    expect(functions.map(({ name }) => name)).toContain('publish');
    const statements = functions.flatMap(({ name, source }) =>
      source.split(';').map((text) => ({ name, text: text.trim() })),
    );
    const touching = statements.filter(({ text }) => tablesIn(text).length > 0);
    expect(touching.length).toBeGreaterThan(5);
    expect(touching.filter(({ text }) => tenantsIn(text) < tablesIn(text).length)).toEqual([]);
  });

  test('every unique index, of the engine and of the app, has the tenant', async () => {
    const indexes = await direct<{ name: string; table: string; has: boolean }[]>`
      select i.indexrelid::regclass::text as name, i.indrelid::regclass::text as table, a.attnum = any (i.indkey::int2[]) as has
      from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant' and not a.attisdropped
      where i.indisunique and n.nspname in ('sync', 'public')`;
    expect(new Set(indexes.map(({ table }) => table)).size).toBeGreaterThanOrEqual(distributed.length);
    expect(indexes.filter(({ has }) => !has)).toEqual([]);
  });

  test('the check itself can fail', () => {
    const silent = (text: string, ...parameters: string[]) => namesTenant({ text, parameters });
    expect(silent('select * from sync.receipts where key = $1', 'k')).toBe(false);
    expect(silent('select * from sync.receipts where tenant = $1 and key = $2', 'pennco', 'k')).toBe(true);
    expect(silent('select * from sync.receipts where tenant = $1', 'nobody')).toBe(false);
    expect(
      silent('select * from sync.receipts r join sync.halts h on h.key = r.key where r.tenant = $1', 'pennco'),
    ).toBe(false);
    expect(silent('update "deliveries" set "status" = $1 where "deliveries"."id" = $2', 'pennco')).toBe(false);
  });
});
