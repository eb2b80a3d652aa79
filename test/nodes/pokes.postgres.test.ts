import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addDelivery, confirm, type DeliveryRow } from '../protocol/delivery.ts';
import { device } from '../protocol/device.ts';
import { openEvents } from '../protocol/event-stream.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';

let postgres: PostgresServer;
let url: string;
let a: FieldOps;
let b: FieldOps;
beforeAll(async () => {
  postgres = await startPostgres();
  ({ url } = await postgres.freshDatabase());
  a = await startFieldOps({ url });
  b = await startFieldOps({ url });
  // A node that begins to look still finds what moved in the last second: here, the demo day.
  await sleep(1200);
});
afterAll(async () => {
  await a.close();
  await b.close();
  await postgres.stop();
});

const agentAt = (node: FieldOps, tenant = 'pennco') => node.token('a01', 'agent', tenant);

/** Confirms a delivery at a node, and gives the version that this node has for the agent's scope. */
async function confirmAt(node: FieldOps, delivery: DeliveryRow): Promise<number> {
  const phone = device(node, await agentAt(node, delivery.tenant));
  const { receipts, delta } = await phone.sync({ mutations: phone.next(confirm(delivery)) });
  expect(receipts).toMatchObject([{ status: 'applied' }]);
  return delta.scopes['agent:a01']?.version ?? 0;
}

async function published(node: FieldOps, given?: Partial<DeliveryRow>): Promise<DeliveryRow> {
  const delivery = await addDelivery(node, given);
  await node.server.engine.sweep();
  return delivery;
}

const highest = (pokes: Record<string, number>[]) => Math.max(0, ...pokes.map((poke) => poke['agent:a01'] ?? 0));

describe('pokes between nodes', () => {
  test('a mutation at one node pokes the streams at the other, with the version that its delta has', async () => {
    const delivery = await published(a);
    const stream = await openEvents(b.url, await agentAt(b));
    const version = await confirmAt(a, delivery);
    await expect.poll(() => stream.pokes(), { timeout: 20_000 }).toContainEqual({ 'agent:a01': version });
    stream.close();
    await stream.ended;
  });

  test('both ways at once, and each node hears its own moves once', async () => {
    const [one, two] = [await published(a), await published(a)];
    const streams = [await openEvents(a.url, await agentAt(a)), await openEvents(b.url, await agentAt(b))];
    const versions = [await confirmAt(a, one), await confirmAt(b, two)];
    for (const stream of streams) {
      await expect.poll(() => highest(stream.pokes()), { timeout: 20_000 }).toBe(Math.max(...versions));
    }
    // Had a node read its own rows too, or one row twice, the version would stand there twice.
    await quiet();
    for (const stream of streams) {
      const said = stream.pokes().map((poke) => poke['agent:a01']);
      expect(said.filter((version) => version === Math.max(...versions))).toHaveLength(1);
      stream.close();
      await stream.ended;
    }
  });

  test('of one’s own tenant and scopes only', async () => {
    const delivery = await published(a, { tenant: 'vishi' });
    // What moved before may be told late, and is not meant.
    await quiet();
    const [own, others] = [
      await openEvents(b.url, await agentAt(b, 'vishi')),
      [await openEvents(b.url, await agentAt(b)), await openEvents(b.url, await b.token('a02', 'agent', 'vishi'))],
    ];
    const version = await confirmAt(a, delivery);
    await expect.poll(() => highest(own.pokes()), { timeout: 20_000 }).toBe(version);
    // Read in the same look, told in the same turn.
    expect(others.flatMap((stream) => stream.pokes())).toEqual([]);
    for (const stream of [own, ...others]) {
      stream.close();
      await stream.ended;
    }
  });

  test('many moves are gathered: far fewer rows than moves, and the last version arrives', async () => {
    const deliveries = await Promise.all(Array.from({ length: 60 }, () => addDelivery(a)));
    await a.server.engine.sweep();
    const stream = await openEvents(b.url, await agentAt(b));
    const before = await pokesWritten();
    const token = await agentAt(a);
    await Promise.all(deliveries.map((delivery) => device(a, token).mutate(confirm(delivery))));
    const version = (await a.sync(token, { limit: 1000 })).delta.scopes['agent:a01']?.version ?? 0;
    await expect.poll(() => highest(stream.pokes()), { timeout: 20_000 }).toBe(version);
    const rows = (await pokesWritten()) - before;
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThan(deliveries.length / 2);
    stream.close();
    await stream.ended;
  });

  test('a node that goes tells the others what it moved last, and one that comes hears the others', async () => {
    const [one, two] = [await published(a), await published(a)];
    const stream = await openEvents(b.url, await agentAt(b));
    const guest = await startFieldOps({ url });
    const version = await confirmAt(guest, one);
    // At once: what it has gathered until now must not be lost with it.
    await guest.close();
    await expect.poll(() => highest(stream.pokes()), { timeout: 20_000 }).toBe(version);
    stream.close();
    await stream.ended;

    const next = await startFieldOps({ url });
    const there = await openEvents(next.url, await agentAt(next));
    const second = await confirmAt(a, two);
    await expect.poll(() => highest(there.pokes()), { timeout: 20_000 }).toBe(second);
    there.close();
    await there.ended;
    await next.close();
  });

  test('old rows go, of nodes that are gone too', async () => {
    await a.query(sql`insert into sync.pokes (tenant, node, scopes, at)
                      select 'pennco', gen_random_uuid(), '{}', now() - interval '1 minute' from generate_series(1, 50)`);
    const guest = await startFieldOps({ url });
    await confirmAt(guest, await published(guest));
    await guest.close();
    const old = await a.query(sql`select from sync.pokes where at < now() - interval '50 seconds'`);
    expect(old).toEqual([]);
  });

  test('the database is killed and comes back: mutations go on, pokes too, and the log has a line, not a flood', async () => {
    const [one, two] = [await published(a), await published(a)];
    const stream = await openEvents(b.url, await agentAt(b));
    const before = await confirmAt(a, one);
    await expect.poll(() => highest(stream.pokes()), { timeout: 20_000 }).toBe(before);
    const logged = b.failures.length;
    const said = () => b.failures.slice(logged).filter(({ message }) => String(message).startsWith('pokes'));
    await postgres.kill();
    await expect.poll(said).toHaveLength(1);
    // It looks in vain a few times more.
    await sleep(2000);
    await postgres.start();
    expect(said()).toHaveLength(1);
    let version = 0;
    await expect
      .poll(
        async () => {
          version = await confirmAt(a, two).catch(() => 0);
          return version;
        },
        { timeout: 30_000 },
      )
      .toBeGreaterThan(0);
    await expect.poll(() => highest(stream.pokes()), { timeout: 20_000 }).toBe(version);
    stream.close();
    await stream.ended;
  });
});

/** Until every node has looked again: what was to come twice is there by now. */
async function quiet(): Promise<void> {
  const delivery = await published(a, { agentId: 'a03' });
  const stream = await openEvents(b.url, await b.token('a03', 'agent'));
  const phone = device(a, await a.token('a03', 'agent'));
  await phone.sync({ mutations: phone.next(confirm(delivery)) });
  await expect.poll(() => stream.pokes().length, { timeout: 20_000 }).toBeGreaterThan(0);
  stream.close();
  await stream.ended;
}

/** How many pokes were ever written: old ones go. */
async function pokesWritten(): Promise<number> {
  const [row] = await a.query<{ last: string | number }>(
    sql`select last_value as last from pg_sequences where schemaname = 'sync' and sequencename = 'pokes_id_seq'`,
  );
  return Number(row?.last ?? 0);
}
