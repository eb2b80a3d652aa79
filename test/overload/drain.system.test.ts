import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEvents } from '../protocol/event-stream.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { readBooks } from '../support/books.ts';
import { type FieldOpsProcess, secret, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { dueOf, honestPhone } from './honest-phone.ts';

const patience = { timeout: 20_000 };

const token = bearerTokens(secret);
const phones = 6;

let database: FreshDatabase;
let server: FieldOpsProcess;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startFieldOpsProcess(await freePort(), {
    DATABASE_URL: database.url,
    EKBAAR_SEED_AGENTS: String(phones),
    EKBAAR_SEED_DELIVERIES: '1200',
    EKBAAR_DRAIN_SECONDS: '2',
  });
});

afterAll(async () => {
  await server.kill();
  await database.drop();
});

/** The status that a path answers with; undefined when nobody listens. */
const statusOf = (path: string) =>
  fetch(`${server.url}${path}`).then(
    ({ status, headers }) => ({ status, connection: headers.get('connection') }),
    () => undefined,
  );

test('SIGTERM under load: tells the balancer, answers everything it took, and ends', async () => {
  const tokens = await Promise.all(Array.from({ length: phones }, (_, at) => token(`a0${at + 1}`, 'agent')));
  const due = await Promise.all(tokens.map((each) => dueOf(server.url, each)));
  const line = tokens.map((each, at) => honestPhone(server.url, each, due[at] ?? [], { pauseMs: 5 }));
  const applied = () => line.reduce((sum, phone) => sum + phone.applied, 0);
  const stream = await openEvents(server.url, tokens[0] ?? '');
  await expect.poll(applied, { timeout: 30_000 }).toBeGreaterThan(phones * 3);

  const exit = server.stop();
  await expect.poll(() => statusOf('/readyz'), patience).toMatchObject({ status: 503 });
  // While the balancer takes note, nothing changes for those who still come; but no line is kept for more.
  expect(await statusOf('/healthz')).toEqual({ status: 200, connection: 'close' });
  const before = applied();
  await expect.poll(applied, { ...patience, interval: 5 }).toBeGreaterThan(before);
  await stream.ended;
  expect(stream.text()).toMatch(/retry: \d{4}\n\n$/);
  expect((await fetch(`${server.url}/v1/events`, { headers: { authorization: `Bearer ${tokens[0]}` } })).status).toBe(
    503,
  );
  await expect.poll(() => statusOf('/healthz'), { timeout: 30_000 }).toBeUndefined();
  expect(await exit).toBe(0);
  for (const phone of line) phone.stop();

  // Whoever had been let in had an answer: a line breaks only where nobody listened any more.
  for (const phone of line) {
    expect(Object.keys(phone.refusals).filter((what) => what !== 'line' && what !== '503')).toEqual([]);
    expect(phone.rude).toBe(0);
  }
  // So what the phones were promised is what the books say: no commit without its answer, and no answer without its commit.
  const books = await readBooks(database.url, 'pennco');
  expect(books).toMatchObject({ confirmed: applied(), receipts: { applied: applied() }, unbalanced: 0 });

  await server.start();
  await Promise.all(line.map(({ done }) => done));
  expect(await readBooks(database.url, 'pennco')).toMatchObject({
    confirmed: applied(),
    receipts: { applied: applied() },
    unbalanced: 0,
  });
});

test('a second SIGTERM does not wait', async () => {
  const stopped = server.stop();
  await expect.poll(() => statusOf('/readyz'), patience).toMatchObject({ status: 503 });
  await sleep(50);
  process.kill(server.pid, 'SIGTERM');
  expect(await stopped).toBe(1);
});
