import { setTimeout as sleep } from 'node:timers/promises';
import { Delta, type Row } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mutation } from '../protocol/device.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

const writers = 8;
const seconds = Number(process.env['EKBAAR_TEST_SECONDS'] ?? 20);

let database: FreshDatabase;
let fieldOps: FieldOps;

beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url, demo: { agents: writers, deliveries: 400 } });
});

afterAll(async () => {
  await fieldOps.close();
  await database.drop();
});

/** A reader's replica of one scope, which believes nothing: it checks each delta against what it had. */
class ScopeReplica {
  readonly rows = new Map<string, { row: Row; tag: number }>();
  version = 0;
  pulls = 0;
  changes = 0;

  readonly scope: string;

  constructor(scope: string) {
    this.scope = scope;
  }

  apply(delta: Delta): void {
    this.pulls++;
    this.changes += delta.changes.length;
    let last = 0;
    for (const { version, collection, id, row, tag } of delta.changes) {
      // Within a page versions rise; none is one that this replica was told it had completely.
      expect(version).toBeGreaterThan(this.version);
      expect(version).toBeGreaterThanOrEqual(last);
      last = version;
      if (row === null) this.rows.delete(`${collection}/${id}`);
      else this.rows.set(`${collection}/${id}`, { row, tag });
    }
    const head = delta.scopes[this.scope];
    expect(head?.version).toBeGreaterThanOrEqual(this.version);
    if (delta.more) return;
    this.version = head?.version ?? 0;
    // Count and checksum of the very snapshot: a skipped version shows here, not only at the end.
    expect(this.rows.size).toBe(head?.rows);
    expect(String([...this.rows.values()].reduce((sum, { tag }) => sum + tag, 0))).toBe(head?.checksum);
  }
}

test(`${writers} writers into one scope while a reader pulls for ${seconds} s: the replica equals the table, no version is skipped`, async () => {
  const regionId = 'IN-BR-11';
  await fieldOps.query(sql`update deliveries set region_id = ${regionId} where tenant = 'pennco'`);
  await fieldOps.server.engine.sweep();
  const scope = `region:${regionId}`;
  const ops = await fieldOps.token('ops', 'ops');
  let running = true;
  let written = 0;

  const write = async (agent: string) => {
    const token = await fieldOps.token(agent, 'agent');
    const mine = await fieldOps.query<{ id: string }>(
      sql`select id from deliveries where tenant = 'pennco' and agent_id = ${agent}`,
    );
    for (let id = 1; running;) {
      const size = 1 + (id % 7);
      const mutations = Array.from({ length: size }, () => {
        const delivery = mine[(id * 31) % mine.length];
        return mutation(id, {
          name: 'failDelivery',
          args: { deliveryId: delivery?.id, reason: 'other', note: `${agent} ${id++}` },
        });
      });
      const { receipts } = await fieldOps.sync(token, { clientId: `writer-${agent}`, mutations, limit: 1 });
      expect(receipts.map(({ status }) => status)).toEqual(mutations.map(() => 'applied'));
      written += size;
    }
  };

  const replica = new ScopeReplica(scope);
  let cursor: string | null = null;
  const pull = async () => {
    // A small page, so that many pulls end in the middle of a version.
    const asked = new URLSearchParams({ scope, limit: '7', ...(cursor === null ? {} : { cursor }) });
    const delta = Delta.parse((await fieldOps.get(`/v1/pull?${asked}`, ops)).body);
    expect(delta.reset).toEqual([]);
    replica.apply(delta);
    ({ cursor } = delta);
    return delta.more;
  };

  const writing = Promise.all(Array.from({ length: writers }, (_, at) => write(`a0${at + 1}`)));
  const reading = (async () => {
    while (running) await pull();
  })();
  await Promise.race([sleep(seconds * 1000), writing, reading]);
  running = false;
  await Promise.all([writing, reading]);
  while (await pull());

  const table = await fieldOps.query<Row>(sql`
    select id, status, fail_reason as "failReason", amount_paise::int as "amountPaise" from deliveries where tenant = 'pennco' order by id`);
  const ofReplica = [...replica.rows]
    .filter(([key]) => key.startsWith('deliveries/'))
    .map(
      ([
        ,
        {
          row: { id, status, failReason, amountPaise },
        },
      ]) => ({ id, status, failReason, amountPaise }),
    )
    .toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
  expect(ofReplica).toEqual(table);
  console.log(`${written} mutations, ${replica.version} versions, ${replica.pulls} pulls, ${replica.changes} changes`);
  expect(written).toBeGreaterThan(writers);
}, 120_000);
