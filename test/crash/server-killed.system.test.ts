import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from '@ekbaar/sdk';
import { memoryStore } from '@ekbaar/sdk/store/memory';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOpsModel, model } from '../../examples/field-ops/src/model.ts';
import { optimistic } from '../../examples/field-ops/src/optimistic.ts';
import { startBadNetwork } from '../support/bad-network.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { readBooks } from '../support/books.ts';
import { type FieldOpsProcess, secret, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { randomFaults } from '../support/random-faults.ts';
import { seededRandom } from '../support/seeded.ts';

const token = bearerTokens(secret);
const phones = 4;
const kills = 4;
const each = 25;

let database: FreshDatabase;
let server: FieldOpsProcess;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startFieldOpsProcess(await freePort(), {
    DATABASE_URL: database.url,
    EKBAAR_SEED_AGENTS: String(phones),
    EKBAAR_SEED_DELIVERIES: '200',
  });
});

afterAll(async () => {
  await server.stop();
  await database.drop();
});

test('a server killed again and again on a line that loses answers: every confirmation exactly once', async () => {
  const { seed, random } = seededRandom(20_261_123);
  console.log(`seed ${seed}`);
  const line = await startBadNetwork({ target: { host: '127.0.0.1', port: server.port }, random });
  line.rules.decide = randomFaults(random, {
    pass: 6,
    'drop-request': 1,
    'drop-answer': 2,
    duplicate: 1,
    cut: 1,
    html: 1,
    replay: 1,
  });

  const clients = await Promise.all(Array.from({ length: phones }, (_, at) => phone(`a0${at + 1}`, line.url)));
  const confirming = clients.map(async (client) => {
    const due = await deliveriesOf(client, each);
    const saved = [];
    for (const { id, amountPaise } of due) {
      saved.push(
        await client.mutate('confirmDelivery', {
          deliveryId: id,
          amountPaise,
          confirmedAt: '2026-11-23T05:00:00.000Z',
        }),
      );
      await sleep(random() * 60);
    }
    return Promise.all(saved.map(({ confirmed }) => confirmed));
  });
  for (let kill = 0; kill < kills; kill++) {
    await sleep(100 + random() * 500);
    await server.kill();
    await server.start();
  }
  line.rules.decide = () => ({ kind: 'pass' });
  const records = (await Promise.all(confirming)).flat();

  expect(records.map(({ state }) => state)).toEqual(Array.from({ length: phones * each }, () => 'applied'));
  const books = await readBooks(database.url, 'pennco');
  const done = phones * each;
  expect(books).toMatchObject({
    confirmed: done,
    receipts: { applied: done },
    unbalanced: 0,
    jobs: { sms: done, 'mfi-webhook': done },
  });
  expect(books.debitPaise).toBe(books.creditPaise);
  // What the phones show is what the server has.
  for (const client of clients) {
    await client.sync();
    const confirmed = await client.read('deliveries', { where: { status: 'confirmed' } });
    expect(confirmed.filter(({ receiptNo }) => receiptNo !== null)).toHaveLength(each);
  }
  console.log(`${kills} kills, line: ${JSON.stringify(line.counts)}`);
  await Promise.all(clients.map((client) => client.close()));
  await line.close();
}, 180_000);

function phone(agent: string, url: string): Promise<Client<FieldOpsModel>> {
  return createClient({
    model,
    url,
    actor: { tenant: 'pennco', id: agent },
    token: () => token(agent, 'agent'),
    store: memoryStore(),
    optimistic,
  });
}

/** The agent's deliveries, as soon as the bad line has let them through. */
async function deliveriesOf(client: Client<FieldOpsModel>, count: number) {
  for (;;) {
    const due = await client.read('deliveries', { orderBy: 'id', limit: count });
    if (due.length === count) return due;
    await client.sync().catch(() => sleep(100));
  }
}
