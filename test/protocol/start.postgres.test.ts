import { collection, defineModel } from '@ekbaar/sdk/model';
import { by, createServer, jwtAuth, postgresDatabase } from '@ekbaar/server';
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { device } from './device.ts';

let database: FreshDatabase;

beforeEach(async () => {
  database = await freshDatabase();
});
afterEach(() => database.drop());

test('an owner who is no superuser, as managed databases have them: the server takes the engine’s role', async () => {
  const owner = `owner_${crypto.randomUUID().replaceAll('-', '')}`;
  const admin = postgres(database.url, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create role ${owner} login createrole password 'secret'`);
  await admin.unsafe(
    `do $$ begin create role ekbaar_engine nologin; exception when duplicate_object then null; end $$`,
  );
  // What PostgreSQL 16 and later give to whoever makes a role: the right to grant it, not to take it.
  await admin.unsafe(`grant ekbaar_engine to ${owner} with admin true, inherit false, set false`);
  await admin.unsafe(`alter database ${database.name} owner to ${owner}`);
  await admin.unsafe(`grant all on schema public to ${owner}`);
  const url = new URL(database.url);
  url.username = owner;
  url.password = 'secret';
  try {
    const fieldOps = await startFieldOps({ url: url.href });
    const { delta } = await device(fieldOps, await fieldOps.token('a01', 'agent')).sync();
    expect(delta.changes.length).toBeGreaterThan(0);
    await fieldOps.close();
  } finally {
    await admin.unsafe(`revoke ekbaar_engine from ${owner} cascade`);
    await admin.unsafe(`reassign owned by ${owner} to postgres`);
    await admin.unsafe(`drop owned by ${owner}`);
    await admin.unsafe(`drop role ${owner}`);
    await admin.end();
  }
});

test('a table that cannot be guarded is not tracked either: the next start finds nothing half done', async () => {
  const notes = pgTable(
    'notes',
    // The engine keeps tenants apart by a column of that name, and this table calls it something else.
    { tenant: text('operator').notNull(), id: text().notNull() },
    (t) => [primaryKey({ columns: [t.tenant, t.id] })],
  );
  const admin = postgres(database.url, { max: 1, onnotice: () => {} });
  await admin`create table notes (operator text, id text, primary key (operator, id))`;
  const server = createServer({
    model: defineModel({
      version: 1,
      collections: { notes: collection({ schema: z.object({ id: z.string() }), key: 'id' }) },
      mutations: {},
    }),
    database: postgresDatabase(database.url),
    tables: { notes: { table: notes, scopes: [by('note', notes.id)] } },
    mutators: {},
    auth: jwtAuth({ secret: 'any' }),
    scopes: () => [],
  });
  await expect(server.start()).rejects.toThrow('no column "tenant"');
  expect(await admin`select * from sync.tracked where definition <> 'built in'`).toHaveLength(0);
  expect(
    await admin`select tgname from pg_trigger where tgrelid = 'notes'::regclass and not tgisinternal`,
  ).toHaveLength(0);
  await server.close();
  await admin.end();
});
