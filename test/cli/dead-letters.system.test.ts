import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addDelivery, confirm, type DeliveryRow, statusOf } from '../protocol/delivery.ts';
import { device } from '../protocol/device.ts';
import { openEvents } from '../protocol/event-stream.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { ekbaar } from './ekbaar-command.ts';

let database: FreshDatabase;
let server: FieldOps;
let now = Date.now();
beforeAll(async () => {
  database = await freshDatabase();
  server = await startFieldOps({ url: database.url, clock: () => new Date(now) });
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

const letters = (...args: string[]) => ekbaar(database.url, ['dead-letters', ...args, '--tenant', 'pennco']);

/** Whatever would move money fails, as with a bug of the app. */
const breakLedger = () => server.query(sql`alter table ledger_entries add constraint broken check (false) not valid`);
const mendLedger = () => server.query(sql`alter table ledger_entries drop constraint broken`);

/** A confirmation whose mutator threw for longer than the server's patience. */
async function deadConfirmation(): Promise<{ key: string; delivery: DeliveryRow }> {
  const delivery = await addDelivery(server);
  await breakLedger();
  const phone = device(server, await server.token('a01', 'agent'));
  const key = crypto.randomUUID();
  const mutations = phone.next(confirm(delivery, { key }));
  for (let attempt = 0; attempt < 20; attempt++) {
    const { receipts } = await phone.sync({ mutations });
    if (receipts[0]?.status === 'dead') break;
    now += 5 * 60_000;
  }
  await mendLedger();
  return { key, delivery };
}

test('list, show, retry: the confirmation takes effect, once, and the phone is poked', async () => {
  expect(await letters('list')).toMatchObject({ code: 0, out: '', note: 'pennco has no open dead letters\n' });
  const { key, delivery } = await deadConfirmation();
  expect((await letters('list')).out).toContain(`${key}  confirmDelivery  by a01  `);
  const page = JSON.parse((await letters('list', '--json')).out) as { deadLetters: { args: unknown }[] };
  expect(page.deadLetters).toMatchObject([{ key, name: 'confirmDelivery', args: { deliveryId: delivery.id } }]);

  const stream = await openEvents(server.url, await server.token('a01', 'agent'));
  const retried = await letters('retry', key, '--as', 'sunita');
  expect(retried).toMatchObject({ code: 0, out: `${key} is applied now\n` });
  expect(await statusOf(server, delivery)).toBe('confirmed');
  expect(await server.query(sql`select from ledger_entries where delivery_id = ${delivery.id}`)).toHaveLength(2);
  await expect.poll(() => stream.pokes().flatMap(Object.keys), { timeout: 20_000 }).toContain('actor:a01');
  stream.close();
  await stream.ended;

  const again = await letters('retry', key, '--as', 'sunita');
  expect(again).toMatchObject({ code: 1, out: '', note: expect.stringContaining('is applied, not dead') });
  const shown = JSON.parse((await letters('show', key)).out) as unknown;
  expect(shown).toMatchObject({
    receipt: { key, status: 'applied' },
    audit: [{ actor: 'sunita', action: 'dead_letter.retried' }],
  });
});

test('a retry that fails again says why, and leaves it dead', async () => {
  const { key } = await deadConfirmation();
  await breakLedger();
  const failed = await letters('retry', key, '--as', 'sunita');
  await mendLedger();
  expect(failed).toMatchObject({ code: 1, out: '' });
  expect(failed.note).toContain(`The dead letter ${key} failed again`);
  expect((await letters('list')).out).toContain(key);

  const closed = await letters('close', key, '--as', 'sunita', '--reason', 'settled at the branch');
  expect(closed).toMatchObject({ code: 0, out: `Closed ${key}: settled at the branch\n` });
  expect(await letters('list')).toMatchObject({ out: '' });
  expect(await letters('close', key, '--as', 'sunita', '--reason', 'once more')).toMatchObject({
    code: 1,
    note: expect.stringContaining('was closed before'),
  });
});

test('a key that nobody knows, and a tenant that it is not of', async () => {
  const { key } = await deadConfirmation();
  const unknown = await letters('show', crypto.randomUUID());
  expect(unknown).toMatchObject({ code: 1, note: expect.stringContaining('has a receipt') });
  const other = await ekbaar(database.url, [
    ...['dead-letters', 'close', key, '--as', 'x', '--reason', 'y', '--tenant', 'vishi'],
  ]);
  expect(other).toMatchObject({ code: 1, note: expect.stringContaining('has a receipt') });
  expect((await letters('list')).out).toContain(key);
});
