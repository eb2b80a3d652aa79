import { collection, defineModel } from '@ekbaar/sdk/model';
import { by, postgresDatabase, track } from '@ekbaar/server';
import { customType, date, doublePrecision, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import postgres, { type Sql } from 'postgres';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { createVisits, logThatWritesLate, model, scopes, visits, wrongLines } from './visits.ts';

let database: FreshDatabase;
let sql: Sql;

beforeEach(async () => {
  database = await freshDatabase();
  sql = postgres(database.url, { onnotice: () => {}, max: 4 });
});

afterEach(async () => {
  await sql.end();
  await database.drop();
});

async function trackNow(more: Partial<Parameters<typeof track>[1]> = {}): Promise<void> {
  const own = postgresDatabase(database.url, { connections: 2 });
  try {
    await track(own, { model, tables: { visits: { table: visits, scopes } }, ...more });
  } finally {
    await own.close();
  }
}

/** The marks since the last look, each once, as `tenant/row`. */
async function newMarks(): Promise<string[]> {
  const marks = await sql<{ mark: string }[]>`delete from sync.dirty returning tenant || '/' || row_id as mark`;
  return [...new Set(marks.map(({ mark }) => mark))].toSorted();
}

const ids = (...names: string[]) => names.map((name) => `pennco/${name}`);

/** What a foreign program does to the table, and the marks that it must leave. */
const writes: [what: string, statement: string, marks: string[]][] = [
  [
    'rows come',
    `insert into visits (tenant, id, agent) select 'pennco', 'v' || n, 'a1' from generate_series(1, 3) n`,
    ids('v1', 'v2', 'v3'),
  ],
  ['a row changes', `update visits set agent = 'a2' where id = 'v1'`, ids('v1')],
  ['nothing changes', `update visits set agent = 'a2' where id = 'nobody'`, []],
  ['a key changes', `update visits set id = 'w2' where id = 'v2'`, ids('v2', 'w2')],
  ['a row changes its tenant', `update visits set tenant = 'vishi' where id = 'v3'`, [...ids('v3'), 'vishi/v3']],
  [
    'a row comes where one is',
    `insert into visits (tenant, id) values ('pennco', 'v1'), ('pennco', 'v9') on conflict (tenant, id) do update set note = 'met'`,
    ids('v1', 'v9'),
  ],
  [
    'a merge does all three',
    `merge into visits v using (values ('v1'), ('v9'), ('v10')) m (id) on v.tenant = 'pennco' and v.id = m.id
    when matched and v.id = 'v9' then delete when matched then update set note = 'merged' when not matched then insert (tenant, id) values ('pennco', m.id)`,
    ids('v1', 'v10', 'v9'),
  ],
  ['a row goes', `delete from visits where id = 'v10'`, ids('v10')],
  [
    'ids that no phone can hold',
    `insert into visits (tenant, id) values ('pennco', repeat('x', 257)), (repeat('t', 65), 'v1')`,
    [],
  ],
  [
    'all go',
    `delete from visits where length(id) > 256; delete from visits where length(tenant) > 64; truncate visits`,
    [...ids('v1', 'w2'), 'vishi/v3'],
  ],
];

test.each(['statement', 'row'] as const)(
  '%s triggers leave a mark for each row that is or was written',
  async (triggers) => {
    await sql.unsafe(createVisits);
    await trackNow({ triggers });
    for (const [what, statement, marks] of writes) {
      await sql.unsafe(statement);
      expect([what, await newMarks()]).toEqual([what, marks]);
    }
    const kinds = await sql<{ row: boolean; name: string }[]>`
    select (t.tgtype & 1) = 1 as row, t.tgname as name from pg_trigger t where t.tgrelid = 'visits'::regclass and t.tgname like 'ekbaar\\_%'`;
    expect(kinds.filter(({ row }) => row)).toHaveLength(triggers === 'row' ? 3 : 0);
    // What it was told once stays.
    await trackNow();
    expect(
      await sql`select 1 from pg_trigger t where t.tgrelid = 'visits'::regclass and t.tgname like 'ekbaar\\_%' and (t.tgtype & 1) = 1`,
    ).toHaveLength(triggers === 'row' ? 3 : 0);
  },
);

test('from one kind of trigger to the other and back, nothing is published anew', async () => {
  await sql.unsafe(createVisits);
  await sql`insert into visits (tenant, id, agent) values ('pennco', 'v1', 'a1')`;
  await trackNow();
  for (const triggers of ['row', 'statement'] as const) {
    await trackNow({ triggers });
    await sql`update visits set note = ${triggers}`;
    expect(await newMarks()).toEqual(ids('v1'));
  }
  const [head] = await sql<{ version: number }[]>`select version::int from sync.scopes where scope = 'agent:a1'`;
  expect(head?.version).toBe(1);
});

test.each(['statement', 'row'] as const)(
  'keys that a session would write in its own way leave the same marks as in any other: %s triggers',
  async (triggers) => {
    await sql`create table moments (tenant text not null, day date, at timestamptz, size float8, primary key (tenant, day))`;
    const columns = { day: date().notNull(), at: timestamp({ withTimezone: true }), size: doublePrecision() };
    const moments = pgTable('moments', { tenant: text().notNull(), ...columns });
    const schema = z.object({ day: z.string() });
    const declared = defineModel({
      version: 1,
      collections: { moments: collection({ schema, key: 'day' }) },
      mutations: {},
    });
    const tables = {
      moments: { table: moments, scopes: [by('day', moments.day), by('at', moments.at), by('size', moments.size)] },
    };
    await trackNow({ model: declared, tables, triggers });
    await sql.begin(async (tx) => {
      await tx.unsafe(
        `set local datestyle = 'SQL, DMY'; set local timezone = 'Asia/Kolkata'; set local extra_float_digits = -3`,
      );
      await tx.unsafe(`insert into moments values ('pennco', '2026-11-27', '2026-11-27 00:00+00', 0.1::float8 + 0.2)`);
    });
    const [mark] = await sql`select row_id as row from sync.dirty`;
    expect(mark).toEqual({ row: '2026-11-27' });
    const published = await sql.begin(async (tx) => {
      await tx.unsafe(
        `set local datestyle = 'SQL, DMY'; set local timezone = 'Asia/Kolkata'; set local extra_float_digits = -3`,
      );
      return tx<{ scope: string }[]>`select scope from sync.publish('pennco', null, 10) order by 1`;
    });
    expect(published.map(({ scope }) => scope)).toEqual([
      ...['at:2026-11-27 00:00:00+00', 'day:2026-11-27', 'size:0.30000000000000004'],
    ]);
  },
);

test('a partitioned table: writes to a partition by its own name count too', async () => {
  await sql.unsafe(`
    create table visits (tenant text not null, id text not null, agent text, region text, note text not null default '',
      primary key (tenant, id)) partition by list (tenant);
    create table visits_pennco partition of visits for values in ('pennco');
    create table visits_others partition of visits default`);
  await trackNow();
  await sql`insert into visits_pennco (tenant, id, agent) values ('pennco', 'v1', 'a1')`;
  await sql`insert into visits (tenant, id, agent) values ('pennco', 'v2', 'a1'), ('vishi', 'v3', 'a1')`;
  await sql`update visits_pennco set agent = 'a2' where id = 'v1'`;
  // From one partition to another.
  await sql`update visits set tenant = 'cred' where id = 'v2'`;
  expect(await newMarks()).toEqual(['cred/v2', ...ids('v1', 'v2'), 'vishi/v3']);
});

test.each(['its rows as a partition of it', 'itself a partition'])(
  'a tracked table that becomes partitioned, %s: writes by whichever name count, as if it had been so from the start',
  async (how) => {
    await sql.unsafe(createVisits);
    await sql`insert into visits (tenant, id, agent) values ('pennco', 'v1', 'a1')`;
    await trackNow();
    const parent = how === 'itself a partition' ? 'all_visits' : 'visits';
    const old = how === 'itself a partition' ? 'visits' : 'visits_pennco';
    if (old !== 'visits')
      await sql.unsafe(`alter table visits rename to ${old}; alter index visits_pkey rename to old_pkey`);
    await sql.unsafe(`
      create table ${parent} (tenant text not null, id text not null, agent text, region text, note text not null default '',
        primary key (tenant, id)) partition by list (tenant);
      create table visits_vishi partition of ${parent} for values in ('vishi');
      alter table ${parent} attach partition ${old} for values in ('pennco')`);
    await trackNow();
    expect(await newMarks()).toEqual([]);
    await sql.unsafe(`insert into ${parent} (tenant, id) values ('pennco', 'v2')`);
    await sql.unsafe(`update ${old} set note = 'by its own name' where id = 'v1'`);
    if (parent === 'visits') await sql`insert into visits_vishi (tenant, id) values ('vishi', 'v1')`;
    expect(await newMarks()).toEqual([...ids('v1', 'v2'), ...(parent === 'visits' ? ['vishi/v1'] : [])]);
  },
);

test('a TRUNCATE that cannot see all rows that go is refused, and says what to do', async () => {
  await sql.unsafe(createVisits);
  await trackNow();
  await expect(sql.begin('isolation level repeatable read', (tx) => tx`truncate visits`)).rejects.toThrow(
    'visits is synced: a transaction of this isolation level cannot truncate it',
  );
  await sql.begin((tx) => tx`truncate visits`);
});

test('a row whose delete cascades from another table, and one that a trigger at commit writes', async () => {
  await sql.unsafe(`
    create table agents (id text primary key);
    insert into agents values ('a1'), ('a2');
    ${createVisits.replace('agent text', 'agent text references agents on delete cascade')};
    ${logThatWritesLate}`);
  await trackNow();
  await sql`insert into visits (tenant, id, agent) values ('pennco', 'v1', 'a1'), ('pennco', 'v2', 'a2')`;
  await newMarks();
  await sql`delete from agents where id = 'a1'`;
  expect(await newMarks()).toEqual(ids('v1'));
  await sql.begin(async (tx) => {
    await tx`insert into log values ('v7')`;
    expect(await tx`select 1 from sync.dirty`).toHaveLength(0);
  });
  expect(await newMarks()).toEqual(ids('v7'));
});

describe('keys of types that are not PostgreSQL’s own', () => {
  const declare = (type: string) => {
    const own = customType<{ data: string }>({ dataType: () => type });
    const table = pgTable('visits', { tenant: text().notNull(), id: own().notNull(), agent: text() });
    const schema = z.object({ id: z.string(), agent: z.nullable(z.string()) });
    const collections = { visits: collection({ schema, key: 'id' }) };
    const declared = defineModel({ version: 1, collections, mutations: {} });
    return { model: declared, tables: { visits: { table, scopes: [by('agent', table.agent)] } } };
  };
  const create = (type: string) => `
    create domain ulid as text check (length(value) = 4);
    create domain inner_ulid as ulid;
    create type place as enum ('here', 'over');
    create table visits (tenant text not null, id ${type} not null, agent text, primary key (tenant, id));
    insert into visits values ('pennco', 'here', 'a1')`;

  test.each(['ulid', 'inner_ulid', 'place'])('%s: rows are published from the first on, by the index', async (type) => {
    await sql.unsafe(create(type));
    await trackNow(declare(type));
    await sql`insert into visits (tenant, id, agent) values ('pennco', 'over', 'a2')`;
    const published = await sql<{ scope: string }[]>`select scope from sync.publish('pennco', null, 10)`;
    expect(published.map(({ scope }) => scope)).toEqual(['agent:a2']);
    const lines = await sql<{ row: string }[]>`select row_id as row from sync.changes order by 1`;
    expect(lines.map(({ row }) => row)).toEqual(['here', 'over']);
    const [query] = await sql<
      { text: string }[]
    >`select scopes_query as text from sync.tracked where collection = 'visits'`;
    await sql.begin(async (tx) => {
      await tx`set local enable_seqscan = off`;
      await tx.unsafe(`prepare scopes (text, text[]) as ${query?.text ?? ''}`);
      const plan = await tx.unsafe(`explain execute scopes ('pennco', '{here}')`);
      expect(JSON.stringify(plan)).toMatch(/Index Cond: [^"]*\bid\b/);
    });
    await trackNow(declare(type));
    expect(await newMarks()).toEqual([]);
  });

  test('one that cannot be compared: refused before anything is made, and the table goes on as it was', async () => {
    await sql.unsafe(create('ulid'));
    await sql`alter table visits alter column tenant type uuid using gen_random_uuid()`;
    await expect(trackNow(declare('ulid'))).rejects.toThrow(/"public"."visits" cannot be tracked: .*uuid = text/);
    await sql`insert into visits (tenant, id) values (gen_random_uuid(), 'over')`;
  });
});

describe('many collections', () => {
  const long = `collectionWhoseNameIsAsLongAsAModelAllows${'0123456789012345678901'}`.slice(0, 63);
  const rows = collection({ schema: z.object({ id: z.string() }), key: 'id' });
  const other = pgTable('visits', { tenant: text().notNull(), id: text().notNull(), region: text() });

  test('two of one table, with names that PostgreSQL would cut to the same: each has its own triggers and scopes', async () => {
    await sql.unsafe(createVisits);
    const names = [`${long.slice(0, 62)}A`, `${long.slice(0, 62)}B`] as const;
    const two = defineModel({ version: 1, collections: { [names[0]]: rows, [names[1]]: rows }, mutations: {} });
    const tables = {
      [names[0]]: { table: visits, scopes: [by('agent', visits.agent)] },
      [names[1]]: { table: other, scopes: [by('region', other.region)] },
    };
    await trackNow({ model: two, tables });
    await sql`insert into visits (tenant, id, agent, region) values ('pennco', 'v1', 'a1', 'r1')`;
    await trackNow({ model: two, tables });
    const lines = await sql<
      { collection: string; scope: string }[]
    >`select collection, scope from sync.changes order by 1, 2`;
    expect(lines.map(({ collection: of, scope }) => [of, scope])).toEqual([
      [names[0], 'agent:a1'],
      [names[1], 'region:r1'],
    ]);
  });

  test('a collection that moves to another table: the old one’s rows leave, its triggers too', async () => {
    await sql.unsafe(createVisits);
    await sql`insert into visits (tenant, id, agent) values ('pennco', 'v1', 'a1'), ('pennco', 'v2', 'a1')`;
    await trackNow();
    await sql`create table visits_2 (like visits including all)`;
    await sql`insert into visits_2 (tenant, id, agent) values ('pennco', 'v2', 'a1'), ('pennco', 'v3', 'a1')`;
    const moved = pgTable('visits_2', {
      ...{ tenant: text().notNull(), id: text().notNull(), agent: text(), region: text(), note: text().notNull() },
    });
    await trackNow({
      tables: { visits: { table: moved, scopes: [by('agent', moved.agent), by('region', moved.region)] } },
    });
    const present = await sql<{ id: string }[]>`select row_id as id from sync.changes where tag <> 0 order by 1`;
    expect(present.map(({ id }) => id)).toEqual(['v2', 'v3']);
    await sql`update visits set note = 'of no interest'`;
    expect(await newMarks()).toEqual([]);
    await sql`drop table visits`;
    await sql`alter table visits_2 rename to visits`;
    expect(await wrongLines(sql)).toEqual([]);
  });
});
