import { by, postgresDatabase, track } from '@ekbaar/server';
import postgres, { type Sql } from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase, SERVER_URL_VARIABLE } from '../support/postgres.ts';
import { createVisits, model, visits } from './visits.ts';

/** The server's user and the table's owner, no superuser; roles are the whole server's. */
const owner = `owner_${crypto.randomUUID().slice(0, 8)}`;
let database: FreshDatabase;
let url: string;
let admin: Sql;
let sql: Sql;

beforeEach(async () => {
  database = await freshDatabase();
  admin = postgres(database.url, { onnotice: () => {}, max: 1 });
  await admin.unsafe(`
    do $$ begin create role ekbaar_engine nologin; exception when duplicate_object then null; end $$;
    create role ${owner} login password 'owner';
    grant ekbaar_engine to ${owner} with admin true, inherit false, set false;
    alter database ${database.name} owner to ${owner};
    alter schema public owner to ${owner}`);
  const own = new URL(database.url);
  own.username = owner;
  own.password = 'owner';
  url = own.href;
  sql = postgres(url, { onnotice: () => {}, max: 2 });
  await sql.unsafe(createVisits);
});

afterEach(async () => {
  await sql.end();
  await admin.unsafe(`drop owned by ${owner} cascade; revoke ekbaar_engine from ${owner} cascade`);
  await admin.end();
  await database.drop();
  const last = postgres(process.env[SERVER_URL_VARIABLE] ?? '', { max: 1 });
  await last.unsafe(`drop role ${owner}`);
  await last.end();
});

async function trackNow(): Promise<void> {
  const own = postgresDatabase(url, { connections: 2 });
  try {
    await track(own, { model, tables: { visits: { table: visits, scopes: [by('agent', visits.agent)] } } });
  } finally {
    await own.close();
  }
}

const force = `
  alter table visits enable row level security; alter table visits force row level security;
  create policy own_tenant on visits using (tenant = current_setting('app.tenant', true))`;

test('a table whose policies are forced on its owner is not tracked: the start says why, and what to do', async () => {
  await sql.unsafe(force);
  await expect(trackNow()).rejects.toThrow(
    /"public"\."visits" has FORCE ROW LEVEL SECURITY.*ALTER TABLE "public"\."visits" NO FORCE ROW LEVEL SECURITY/,
  );
  expect(await sql`select from pg_trigger where tgrelid = 'visits'::regclass`).toHaveLength(0);

  await sql`alter table visits no force row level security`;
  await trackNow();
  await sql`insert into visits (tenant, id, agent) values ('pennco', 'v1', 'a1')`;
  const published = await sql<{ scope: string }[]>`select scope from sync.publish('pennco', null, 10)`;
  expect(published.map(({ scope }) => scope)).toEqual(['agent:a1']);
});

test('the policies for the engine do not bind the user who may take its role: another program of that user goes on', async () => {
  await trackNow();
  await sql.unsafe(force);
  const write = sql.begin(async (tx) => {
    await tx.unsafe(`set local app.tenant = 'pennco'`);
    await tx`insert into visits (tenant, id, agent) values ('pennco', 'v1', 'a1')`;
    return tx`select id from visits`;
  });
  await expect(write).resolves.toHaveLength(1);
});
