import { by, postgresDatabase, track } from '@ekbaar/server';
import postgres, { type Sql } from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { createVisits, model, visits } from './visits.ts';

let database: FreshDatabase;
let sql: Sql;

beforeEach(async () => {
  database = await freshDatabase();
  sql = postgres(database.url, { onnotice: () => {}, max: 2 });
  await sql.unsafe(createVisits);
  await trackNow();
});

afterEach(async () => {
  await sql.end();
  await database.drop();
});

async function trackNow(): Promise<void> {
  const own = postgresDatabase(database.url, { connections: 2 });
  try {
    await track(own, { model, tables: { visits: { table: visits, scopes: [by('agent', visits.agent)] } } });
  } finally {
    await own.close();
  }
}

/** Types of one's own, whose checks tell with whose rights they run. */
const ownTypes = `
  create function pg_temp.ask() returns boolean language plpgsql as $$ begin
    if current_user <> 'ekbaar_engine' then raise exception 'asked as %', current_user; end if; return true;
  end $$;
  create domain pg_temp.text as pg_catalog.text check (pg_temp.ask());
  create domain pg_temp.uuid as pg_catalog.uuid check (pg_temp.ask());
  create domain pg_temp.int8 as pg_catalog.int8 check (pg_temp.ask())`;

test.each([
  ['a row', `insert into visits (tenant, id, agent) values ('pennco', 'v1', 'a1')`],
  ['the mark of a receipt', `select from sync.mark_receipt('pennco', gen_random_uuid())`],
  ['what is published', `select from sync.publish('pennco', null, 100)`],
])('whoever writes %s runs nothing of his own with the owner’s rights', async (_what, statement) => {
  await sql`insert into visits (tenant, id, agent) values ('pennco', 'v2', 'a1')`;
  const asEngine = sql.begin(async (tx) => {
    await tx.unsafe(`set local role ekbaar_engine; set local ekbaar.tenant = 'pennco'`);
    await tx.unsafe(ownTypes);
    return tx.unsafe(statement);
  });
  await expect(asEngine).resolves.toBeDefined();
});

test('functions of an older version are made anew with the settings of this one', async () => {
  const settings = () =>
    sql<{ name: string; settings: string[] }[]>`
      select p.proname as name, p.proconfig as settings from pg_proc p
      where p.pronamespace = 'sync'::regnamespace order by 1`;
  const now = await settings();
  expect(now.map(({ name }) => name)).toEqual(expect.arrayContaining(['mark_receipt', 'mark_visits', 'publish']));
  for (const one of now) expect(one.settings).toContain('search_path=pg_catalog, pg_temp');
  for (const name of ['mark_visits()', 'membership(text, text[], text[])'])
    await sql.unsafe(`alter function sync.${name} reset all; alter function sync.${name} set search_path = pg_catalog`);
  await trackNow();
  expect(await settings()).toEqual(now);
});
