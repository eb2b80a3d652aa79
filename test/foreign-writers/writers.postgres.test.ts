import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { device } from '../protocol/device.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { seededRandom } from '../support/seeded.ts';
import { createVisits, expectedRows, type Phone, phone, startVisits, type VisitsServer, wrongLines } from './visits.ts';

const tenants = ['pennco', 'vishi'];
const agents = ['a1', 'a2', 'a3', 'a4'];
const regions = ['r1', 'r2'];
const ids = Array.from({ length: 60 }, (_, at) => `v${at}`);
const { seed, random } = seededRandom(20261124);

let database: FreshDatabase;
let sql: Sql;
let nodes: VisitsServer[];

beforeAll(async () => {
  database = await freshDatabase();
  sql = postgres(database.url, { onnotice: () => {}, max: 10 });
  // A foreign trigger that writes at commit, when all statements of its transaction are over.
  await sql.unsafe(`
    ${createVisits};
    create table remarks (tenant text, id text, note text);
    create function remark() returns trigger language plpgsql as $$ begin
      update visits set note = new.note, region = case when new.note like '%7' then null else region end
      where tenant = new.tenant and id = new.id;
      return null;
    end $$;
    create constraint trigger remark after insert on remarks deferrable initially deferred for each row execute function remark()`);
  // Two nodes of one database: two sweepers.
  nodes = [
    await startVisits(database.url, { sweepEveryMs: 10 }),
    await startVisits(database.url, { sweepEveryMs: 10 }),
  ];
});

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await sql.end();
  await database.drop();
});

const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
const orNone = <T>(value: T): T | null => (random() < 0.2 ? null : value);

type Write = (tx: postgres.TransactionSql, tenant: string, id: string) => Promise<unknown>;

/** What programs that know nothing of Ekbaar do, each inside a transaction that may roll back. */
const writes: readonly [name: string, write: Write][] = [
  [
    'come or come again',
    (tx, tenant, id) => tx`
      insert into visits (tenant, id, agent, region, note)
      values (${tenant}, ${id}, ${orNone(pick(agents))}, ${orNone(pick(regions))}, 'new')
      on conflict (tenant, id) do update set note = 'again'`,
  ],
  [
    'come in bulk',
    (tx, tenant) => tx`
      insert into visits (tenant, id, agent, region) select ${tenant}, t.id, ${pick(agents)}, ${pick(regions)} from unnest(${ids}::text[]) t (id)
      on conflict do nothing`,
  ],
  [
    'move',
    (tx, tenant, id) => tx`update visits set agent = ${orNone(pick(agents))} where tenant = ${tenant} and id = ${id}`,
  ],
  [
    'move many',
    (tx, tenant, id) =>
      tx`update visits set region = ${pick(regions)} where tenant = ${tenant} and id >= ${id} and id < ${`${id}~`}`,
  ],
  ['go', (tx, tenant, id) => tx`delete from visits where tenant = ${tenant} and id = ${id}`],
  [
    'go and come at once',
    async (tx, tenant, id) => {
      await tx`delete from visits where tenant = ${tenant} and id = ${id}`;
      await tx`insert into visits (tenant, id, agent) values (${tenant}, ${id}, ${pick(agents)})`;
    },
  ],
  [
    'change ids',
    (tx, tenant, id) => tx`
      update visits set id = id || 'x' where tenant = ${tenant} and id = ${id} and length(id) < 8
        and not exists (select from visits o where o.tenant = ${tenant} and o.id = ${`${id}x`})`,
  ],
  [
    'change tenants',
    (tx, tenant, id) => tx`
      update visits set tenant = ${pick(tenants)}, id = ${`${id}-${Math.floor(random() * 1e9)}`} where tenant = ${tenant} and id = ${id}`,
  ],
  [
    'write at commit',
    (tx, tenant, id) => tx`insert into remarks values (${tenant}, ${id}, ${`remark ${Math.floor(random() * 10)}`})`,
  ],
];

class Undone extends Error {}

test(`foreign writers, mutators and two sweepers on the same rows: every phone shows the table (seed ${seed})`, async () => {
  const counts = { foreign: 0, undone: 0, conflicts: 0, applied: 0, rejected: 0, truncated: 0, pulls: 0 };
  const foreignWriter = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      try {
        await sql.begin(async (tx) => {
          for (let n = 1 + Math.floor(random() * 3); n > 0; n--) await pick(writes)[1](tx, pick(tenants), pick(ids));
          if (random() < 0.02) {
            await tx`truncate visits`;
            counts.truncated++;
          }
          if (random() < 0.1) throw new Undone();
        });
        counts.foreign++;
      } catch (error) {
        // Rolled back whole: as if it had never been. Deadlocks between these transactions are their own affair.
        if (error instanceof Undone) counts.undone++;
        else if (error instanceof postgres.PostgresError && ['40P01', '23505'].includes(error.code)) counts.conflicts++;
        else throw error;
      }
    }
  };
  const mutating = async (node: VisitsServer, tenant: string, agent: string, rounds: number) => {
    const own = device(node, await node.token(agent, 'agent', tenant));
    for (let round = 0; round < rounds; round++) {
      const drafts = Array.from({ length: 5 }, () =>
        random() < 0.5
          ? { name: 'amend', args: { id: pick(ids), note: `by ${agent} ${round}` } }
          : { name: 'hand', args: { id: pick(ids), agent: pick(agents) } },
      );
      const { receipts, stopped } = await own.sync({ mutations: own.next(...drafts) });
      expect(stopped).toBeNull();
      for (const { status } of receipts) counts[status === 'applied' ? 'applied' : 'rejected']++;
    }
  };

  const phones: { tenant: string; agent: string | undefined; phone: Phone }[] = [];
  for (const tenant of tenants) {
    for (const [at, agent] of [...agents, undefined].entries()) {
      const node = nodes[at % nodes.length] as VisitsServer;
      const token = await node.token(agent ?? 'ops', agent === undefined ? 'ops' : 'agent', tenant);
      // Small pages: many of them end in the middle of a version.
      phones.push({ tenant, agent, phone: phone(node, token, 3 + at) });
    }
  }
  let busy = true;
  const reading = phones.map(async (one) => {
    for (; busy; counts.pulls++) {
      await one.phone.pull();
      await sleep(5);
    }
  });
  await Promise.all([
    ...Array.from({ length: 6 }, () => foreignWriter(90)),
    ...tenants.flatMap((tenant) =>
      agents.slice(0, 2).map((agent, at) => mutating(nodes[at] as VisitsServer, tenant, agent, 30)),
    ),
  ]);
  busy = false;
  await Promise.all(reading);
  await Promise.all(nodes.map((node) => node.server.engine.sweep()));
  // What one node had in hand when the other looked.
  while ((await sql`select 1 from sync.dirty limit 1`).length > 0) await sleep(20);

  console.log(`seed ${seed}:`, JSON.stringify(counts));
  expect(await wrongLines(sql)).toEqual([]);
  for (const { tenant, agent, phone: one } of phones) {
    await one.pull();
    expect({ tenant, agent, rows: one.rows() }).toEqual({
      tenant,
      agent,
      rows: await expectedRows(sql, tenant, agent),
    });
  }
  expect(nodes.flatMap(({ failures }) => failures)).toEqual([]);
  // The run was worth something.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0);
}, 240_000);
