import { setTimeout as sleep } from 'node:timers/promises';
import { by, postgresDatabase, track, untrack } from '@ekbaar/server';
import postgres, { type Sql } from 'postgres';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { createVisits, expectedRows, model, phone, scopes, startVisits, visits, wrongLines } from './visits.ts';

let database: FreshDatabase;
let sql: Sql;

beforeEach(async () => {
  database = await freshDatabase();
  sql = postgres(database.url, { onnotice: () => {}, max: 8 });
  await sql.unsafe(createVisits);
});

afterEach(async () => {
  await sql.end();
  await database.drop();
});

const tables = { visits: { table: visits, scopes } };

/** `track` as a program of its own would call it. */
async function trackNow(more: Partial<Parameters<typeof track>[1]> = {}): Promise<void> {
  const own = postgresDatabase(database.url, { connections: 2 });
  try {
    await track(own, { model, tables, ...more });
  } finally {
    await own.close();
  }
}

async function untrackNow(policies = false): Promise<number> {
  const own = postgresDatabase(database.url, { connections: 2 });
  try {
    return await untrack(own, 'visits', { policies });
  } finally {
    await own.close();
  }
}

/** @param from the first one's number */
function addVisits(count: number, from = 1, tenant = 'pennco') {
  return sql`
    insert into visits (tenant, id, agent, region)
    select ${tenant}, 'v' || lpad(n::text, 7, '0'), 'a' || n % 40, 'r' || n % 3
    from generate_series(${from}::int, ${from + count - 1}::int) n`;
}

async function marksLeft(): Promise<number> {
  const [row] = await sql<{ n: number }[]>`select count(*)::int as n from sync.dirty`;
  return row?.n ?? 0;
}

/** One more than the versions that a scope has had: changes when a row in it is published. */
async function versionOf(scope: string): Promise<number> {
  const [row] = await sql<{ version: number }[]>`select version::int from sync.scopes where scope = ${scope}`;
  return row?.version ?? 0;
}

test('a table that holds rows of two tenants is tracked: each tenant’s phones get theirs', async () => {
  await addVisits(300);
  await addVisits(200, 100, 'vishi');
  const server = await startVisits(database.url);
  await server.server.engine.sweep();
  for (const tenant of ['pennco', 'vishi']) {
    const ops = phone(server, await server.token('ops', 'ops', tenant), 90);
    await ops.pull();
    expect(ops.rows()).toEqual(await expectedRows(sql, tenant));
  }
  expect(await wrongLines(sql)).toEqual([]);
  await server.close();
});

test('writers with a lock timeout are never kept waiting for long: tracking gives way to a transaction that holds the table', async () => {
  await addVisits(1000);
  const holder = await sql.reserve();
  await holder`begin`;
  await holder`update visits set note = 'held' where id = 'v0000001'`;
  let tracked = false;
  const tracking = trackNow().then(() => (tracked = true));

  // Tracking has waited for the holder and given way, again and again; who waits behind it for longer than that fails.
  const writer = postgres(database.url, { max: 1, connection: { lock_timeout: 3000 } });
  let written = 0;
  let watching = true;
  const writing = (async () => {
    for (; watching; written++) await writer`update visits set note = ${`round ${written}`} where id = 'v0000002'`;
  })();
  const waits = async () => {
    const [blocked] = await sql<{ n: number }[]>`
      select count(*)::int as n from pg_locks where relation = 'visits'::regclass and not granted and mode <> 'RowExclusiveLock'`;
    return (blocked?.n ?? 0) > 0;
  };
  for (let times = 0; times < 3; times++) {
    await expect.poll(waits, { interval: 10, timeout: 30_000 }).toBe(true);
    const before = written;
    await expect.poll(waits, { interval: 10, timeout: 30_000 }).toBe(false);
    await expect.poll(() => written, { timeout: 30_000 }).toBeGreaterThan(before);
  }
  watching = false;
  await writing;
  expect(tracked).toBe(false);
  await holder`commit`;
  holder.release();
  await tracking;
  expect(await wrongLines(sql)).toEqual([]);
  await writer.end();
});

test('a table of 100,000 rows is tracked while four sessions write to it: none waits, no row is missed', async () => {
  // Twice what a start marks before it goes on. Most are in no scope: what takes long is publishing, which this is not about.
  await sql`
    insert into visits (tenant, id, agent, region)
    select 'pennco', 'v' || lpad(n::text, 7, '0'), case when n % 20 = 7 then 'a' || n % 40 end,
      case when n % 20 = 7 then 'r' || n % 3 end
    from generate_series(1, 100000) n`;
  await sql`analyze visits`;
  const session = () => postgres(database.url, { max: 1, connection: { lock_timeout: 3000 } });
  const sessions = Array.from({ length: 4 }, session);
  let writing = true;
  let written = 0;
  const writers = sessions.map(async (own, at) => {
    for (let n = at; writing; n += 4) {
      const id = `v${String(1 + ((n * 7919) % 100_000)).padStart(7, '0')}`;
      if (n % 3 === 0) await own`update visits set agent = ${`a${n % 40}`} where id = ${id}`;
      else if (n % 3 === 1) await own`delete from visits where id = ${id}`;
      else await own`insert into visits (tenant, id, agent) values ('pennco', ${`n${n}`}, 'a1')`;
      written++;
      await sleep(5);
    }
  });
  const steps: number[] = [];
  await trackNow({ onProgress: (_collection, rows) => void steps.push(rows) });
  writing = false;
  await Promise.all(writers);
  await Promise.all(sessions.map((own) => own.end()));
  expect(steps.length).toBeGreaterThan(10);
  expect(written).toBeGreaterThan(0);

  const server = await startVisits(database.url);
  await server.server.engine.sweep();
  expect(await wrongLines(sql)).toEqual([]);
  const agent = phone(server, await server.token('a7', 'agent'));
  await agent.pull();
  expect(agent.rows()).toEqual(await expectedRows(sql, 'pennco', 'a7'));
  await server.close();
}, 240_000);

test('killed in the middle of the backfill, it goes on where it was: in the background of the next server', async () => {
  // A start marks 50,000, the step that it is killed in 5,000 more.
  await sql`
    insert into visits (tenant, id, agent, region)
    select 'pennco', 'v' || lpad(n::text, 7, '0'), case when n % 10 = 1 or n % 40 = 39 then 'a' || n % 40 end,
      case when n % 10 = 1 then 'r' || n % 3 end
    from generate_series(1, 60000) n`;
  const own = postgresDatabase(database.url, { connections: 2 });
  let killed = false;
  const tracking = track(own, {
    model,
    tables,
    onProgress: (_collection, rows) => {
      if (rows > 0 && !killed) {
        killed = true;
        throw new Error('killed');
      }
    },
  });
  await expect(tracking).rejects.toThrow('killed');
  await own.close();
  const [state] = await sql<{ filled: boolean; filledTo: string }[]>`
    select filled, filled_to as "filledTo" from sync.tracked where collection = 'visits'`;
  expect(state).toMatchObject({ filled: false, filledTo: expect.stringContaining('v0') });
  // What was marked before is not marked again.
  const before = await versionOf('agent:a1');
  await sql`update visits set note = 'while nobody looked' where id = 'v0059999'`;

  const server = await startVisits(database.url);
  for (;;) {
    const [now] = await sql<{ filled: boolean }[]>`select filled from sync.tracked where collection = 'visits'`;
    if (now?.filled === true) break;
    await sleep(50);
  }
  await server.server.engine.sweep();
  expect(await wrongLines(sql)).toEqual([]);
  const [first] = await sql<{ version: number }[]>`
    select version::int from sync.changes where scope = 'agent:a1' and row_id = 'v0000001'`;
  expect(first?.version).toBeLessThanOrEqual(before);
  const ops = phone(server, await server.token('a39', 'agent'));
  await ops.pull();
  expect(ops.rows()).toEqual(await expectedRows(sql, 'pennco', 'a39'));
  await server.close();
}, 240_000);

test.each(['(id)', '(id, tenant)', '(tenant, id)', '(note)'])(
  'the backfill goes by whichever index there is: %s',
  async (columns) => {
    await sql.unsafe(`alter table visits drop constraint visits_pkey; create index on visits ${columns}`);
    // More than one step marks; one of them ends between two rows of the same id.
    await addVisits(4000);
    await addVisits(2500, 2, 'vishi');
    await trackNow();
    expect(await wrongLines(sql)).toEqual([]);
    const [held] = await sql<{ n: number }[]>`select count(distinct (tenant, row_id))::int as n from sync.changes`;
    expect(held?.n).toBe(6500);
  },
);

describe('a declaration that changes', () => {
  const byRegion = [by('area', visits.region)];

  test('other scopes: all rows are marked anew, and leave the scopes that they are in no more', async () => {
    await addVisits(300);
    const first = await startVisits(database.url);
    await first.server.engine.sweep();
    const agent = phone(first, await first.token('a7', 'agent'));
    await agent.pull();
    expect(agent.rows()).not.toEqual([]);
    await first.close();

    const second = await startVisits(database.url, { rules: byRegion, version: 2 });
    await second.server.engine.sweep();
    const lines = await sql`
      select split_part(scope, ':', 1) as kind, count(*) filter (where tag <> 0)::int as rows
      from sync.changes group by 1 order by 1`;
    expect(lines.map((line) => ({ ...line }))).toEqual([
      { kind: 'agent', rows: 0 },
      { kind: 'area', rows: 300 },
      { kind: 'region', rows: 0 },
    ]);
    const again = { ...agent, ...phone(second, await second.token('a7', 'agent')) };
    await again.pull();
    expect(again.rows()).toEqual([]);
    await second.close();
  });

  test('a node of the older model that starts late does not turn it back', async () => {
    await addVisits(10);
    await (await startVisits(database.url, { rules: byRegion, version: 2 })).close();
    const late = await startVisits(database.url, { version: 1 });
    await late.server.engine.sweep();
    const kinds = await sql`select distinct split_part(scope, ':', 1) as kind from sync.changes where tag <> 0`;
    expect(kinds.map(({ kind }) => String(kind))).toEqual(['area']);
    await late.close();
  });

  test('the same one again: nothing is published anew, unless that is asked for', async () => {
    await addVisits(300);
    await trackNow();
    const before = await versionOf('region:r1');
    await trackNow();
    expect(await versionOf('region:r1')).toBe(before);
    await trackNow({ again: true });
    expect(await versionOf('region:r1')).toBeGreaterThan(before);
    expect(await wrongLines(sql)).toEqual([]);
  });
});

describe('what somebody did to the table meanwhile', () => {
  test('triggers switched off and on by a restore tool: the rows it wrote and took are found at the next start', async () => {
    await addVisits(300);
    await trackNow();
    await sql`alter table visits disable trigger all`;
    await sql`delete from visits where id < 'v0000100'`;
    await sql`insert into visits (tenant, id, agent) values ('pennco', 'unseen', 'a1')`;
    await sql`alter table visits enable trigger all`;
    expect(await marksLeft()).toBe(0);
    await trackNow();
    expect(await wrongLines(sql)).toEqual([]);
    await sql`set session_replication_role = replica`;
    await sql`insert into visits (tenant, id, agent) values ('pennco', 'replicated', 'a1')`;
    expect(await marksLeft()).toBe(1);
  });

  test('the table made anew under its name: what the old one held leaves the phones', async () => {
    await addVisits(300);
    await trackNow();
    await sql`drop table visits`;
    await sql.unsafe(createVisits);
    await addVisits(10, 295);
    await trackNow();
    expect(await wrongLines(sql)).toEqual([]);
  });
});

describe('untrack', () => {
  test('the rows leave the phones and stay in the table; writes leave no marks; a server that lacks it says so', async () => {
    await addVisits(2500);
    const server = await startVisits(database.url);
    await server.server.engine.sweep();
    const ops = phone(server, await server.token('ops', 'ops'));
    await ops.pull();
    expect(ops.rows()).toHaveLength(2500);
    await sql`update visits set note = 'on its way' where id < 'v0000100'`;

    expect(await untrackNow()).toBe(2500);
    await ops.pull();
    expect(ops.rows()).toEqual([]);
    expect(await wrongLines(sql)).toHaveLength(20);
    await sql`update visits set note = 'unseen'`;
    expect(await marksLeft()).toBe(0);
    const left =
      await sql`select 1 from pg_proc where pronamespace = 'sync'::regnamespace and proname like 'mark\\_visits%'`;
    expect(left).toHaveLength(0);
    await expect(untrackNow()).rejects.toThrow('No collection "visits" is tracked; tracked are: none');
    await server.close();

    // And on again.
    await trackNow();
    expect(await wrongLines(sql)).toEqual([]);
  });

  test('broken off after the triggers are gone, it goes on when it is called again', async () => {
    await addVisits(2500);
    await trackNow();
    const own = postgresDatabase(database.url, { connections: 2 });
    const stop = () => {
      throw new Error('killed');
    };
    await expect(untrack(own, 'visits', { onProgress: stop })).rejects.toThrow('killed');
    expect(await untrack(own, 'visits')).toBe(1500);
    await own.close();
    expect(await sql`select 1 from sync.changes where tag <> 0`).toHaveLength(0);
  });

  test('while others write: what they have just written leaves too', async () => {
    await addVisits(500);
    const server = await startVisits(database.url, { sweepEveryMs: 5 });
    let writing = true;
    const writer = (async () => {
      for (let n = 0; writing; n++)
        await sql`update visits set note = ${n}, agent = ${`a${n % 40}`} where id = 'v0000001'`;
    })();
    await sleep(100);
    await untrackNow();
    writing = false;
    await writer;
    expect(await sql`select 1 from sync.changes where tag <> 0`).toHaveLength(0);
    await server.close();
  });

  test('while another node has marks in hand and the former scopes in mind: what it then publishes leaves too', async () => {
    await addVisits(10);
    await trackNow();
    await sql`update visits set note = 'in hand' where id = 'v0000001'`;
    const node = await sql.reserve();
    await node`begin`;
    await node`delete from sync.dirty`;
    const untracking = untrackNow();
    while ((await sql`select 1 from sync.changes where tag <> 0`).length > 0) await sleep(20);
    await node`update sync.changes set tag = 7 where row_id = 'v0000001' and scope = 'agent:a1'`;
    await node`commit`;
    node.release();
    await untracking;
    expect(await sql`select 1 from sync.changes where tag <> 0`).toHaveLength(0);
  });

  test('with its policies: the table is as it was before', async () => {
    const security = () => sql`
      select c.relrowsecurity, c.relacl::text, (select count(*)::int from pg_policy where polrelid = c.oid) as policies
      from pg_class c where c.oid = 'visits'::regclass`;
    await addVisits(10);
    await trackNow();
    expect(await security()).toMatchObject([{ relrowsecurity: true, policies: 3 }]);
    await untrackNow(true);
    expect(await security()).toMatchObject([{ relrowsecurity: false, policies: 0 }]);
    expect(String((await security())[0]?.['relacl'])).not.toContain('ekbaar_engine');
  });

  test('a server whose model lacks a tracked collection leaves it tracked, and says so', async () => {
    await addVisits(10);
    await trackNow();
    await sql`update sync.tracked set collection = 'visitsOfTomorrow' where collection = 'visits'`;
    const server = await startVisits(database.url);
    expect(server.failures).toContainEqual(
      expect.objectContaining({
        message: 'a collection is tracked that the model lacks',
        collection: 'visitsOfTomorrow',
      }),
    );
    expect(await sql`select 1 from sync.tracked where collection = 'visitsOfTomorrow'`).toHaveLength(1);
    await server.close();
  });
});
