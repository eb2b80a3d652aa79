import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Client } from '../client.ts';
import { idle } from '../testing/fake-clock.ts';
import { fakeOrigin } from '../testing/fake-origin.ts';
import { model, type TestModel } from '../testing/model.ts';
import { World } from '../testing/world.ts';
import { memoryStore } from '../store/memory/index.ts';
import { exportUnsent, importUnsent, type UnsentFile } from './index.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const confirm = (deliveryId: string) => ['confirm', { deliveryId, amountPaise: 100 }] as const;
const lineDown = () => Promise.reject(new TypeError('fetch failed'));
const parsed = async (client: Client<TestModel>) => JSON.parse(await exportUnsent(client)) as UnsentFile;
/** Another device of the same person, with a disk of its own. */
const another = (options: Parameters<World['client']>[0] = {}) => world.client({ store: memoryStore(), ...options });

/** A phone that cannot send: two confirmations, one of them handed to the network in vain, some pings, and a refusal. */
async function strandedPhone() {
  const phone = await world.synced();
  await phone.mutate(...confirm('d1'));
  const refused = await phone.mutate(...confirm('d1'));
  await world.settle(phone);
  world.server.write('deliveries', 'd3', { id: 'd3', status: 'pending', amountPaise: 100 });
  for (let at = 0; at < 99; at += 1) world.server.faults.push(lineDown);
  const tried = await phone.mutate(...confirm('d2'));
  await idle();
  world.isOnline = false;
  const kept = await phone.mutate(...confirm('d3'));
  await phone.mutate('ping', { n: 1 });
  world.server.faults.length = 0;
  return { phone, refused: refused.key, tried: tried.key, kept: kept.key };
}

test('the file has all that only this device has, in its order, and says whose it is', async () => {
  const { phone, refused, tried, kept } = await strandedPhone();
  const before = await phone.readMutations();
  const file = await parsed(phone);
  expect(file).toMatchObject({
    ...{ format: 'ekbaar-unsent', version: 1, tenant: 'pennco', actor: 'a1', clientId: phone.clientId, model: 1 },
    exportedAt: new Date(world.clock.now()).toISOString(),
    clockErrorMs: 0,
  });
  expect(file.entries).toMatchObject([
    { id: 2, key: refused, sent: true, pending: false, receipt: { status: 'rejected' } },
    { id: 3, key: tried, name: 'confirm', args: confirm('d2')[1], model: 1, sent: true, pending: true },
    { id: 4, key: kept, sent: false, pending: true },
    { id: 5, name: 'ping', sent: false, pending: true },
  ]);
  expect(await phone.readMutations()).toEqual(before);
});

test('what was thinned away is not in the file', async () => {
  const phone = await world.synced();
  world.isOnline = false;
  await Promise.all(Array.from({ length: 20 }, (_, n) => phone.mutate('ping', { n })));
  expect((await parsed(phone)).entries).toHaveLength(5);
});

test('another device of the same person sends it, under the old keys', async () => {
  const { phone, refused, tried, kept } = await strandedPhone();
  const file = await exportUnsent(phone);
  world.isOnline = true;
  const desk = await another();
  const outcome = await importUnsent(desk, file);
  expect(outcome).toMatchObject({ imported: [tried, kept], known: [] });
  expect(outcome.left[0]).toBe(refused);
  expect(outcome.left).toHaveLength(2);
  for (const key of [tried, kept]) expect(await desk.outcome(key)).toMatchObject({ state: 'applied' });
  // The phone was only lost for a while.
  world.tell('online');
  await world.settle(phone);
  expect([tried, kept].map((key) => world.server.applied.get(key))).toEqual([1, 1]);
  expect(await phone.outcome(kept)).toMatchObject({ state: 'applied', result: { receiptNo: 'R-d3' } });
});

test('importing twice, also at once, into two devices and after the phone has come back, changes nothing', async () => {
  const { phone, tried, kept } = await strandedPhone();
  const file = await exportUnsent(phone);
  world.isOnline = true;
  world.tell('online');
  await world.settle(phone);
  const [desk, other] = [await another(), await another()];
  await Promise.all([importUnsent(desk, file), importUnsent(other, new Blob([file]))]);
  expect(await importUnsent(desk, file)).toMatchObject({ imported: [], known: [tried, kept] });
  expect(await importUnsent(phone, file)).toMatchObject({ imported: [] });
  await world.settle(desk);
  await world.settle(other);
  expect([tried, kept].map((key) => world.server.applied.get(key))).toEqual([1, 1]);
});

test('two imports at once into one client bring each mutation once', async () => {
  const { phone, tried, kept } = await strandedPhone();
  const file = await exportUnsent(phone);
  const desk = await another();
  const outcomes = await Promise.all([importUnsent(desk, file), importUnsent(desk, file)]);
  expect(outcomes.map(({ imported }) => imported)).toEqual([[tried, kept], []]);
  expect(outcomes[1].known).toEqual([tried, kept]);
  expect(await desk.readMutations()).toHaveLength(2);
});

test('an import that failed is no hindrance to the next', async () => {
  const { phone, tried, kept } = await strandedPhone();
  const file = await exportUnsent(phone);
  const desk = await another();
  const outcomes = await Promise.allSettled([importUnsent(desk, '{}'), importUnsent(desk, file)]);
  expect(outcomes).toMatchObject([{ status: 'rejected' }, { value: { imported: [tried, kept] } }]);
});

test('a tab that does not lead sends what is imported there at once', async () => {
  const { phone, tried, kept } = await strandedPhone();
  const file = await exportUnsent(phone);
  world.isOnline = true;
  const shared = { store: memoryStore({ shared: true }), platform: fakeOrigin() };
  await world.synced(shared);
  const second = await world.synced(shared);
  await importUnsent(second, file);
  await idle();
  expect([tried, kept].map((key) => world.server.applied.get(key))).toEqual([1, 1]);
});

test('what a restored server has lost goes along with its former receipt', async () => {
  const phone = await world.synced();
  const restore = world.server.backup();
  const { key } = await phone.mutate(...confirm('d1'));
  await world.settle(phone);
  restore();
  // The gap is heard of, and then the line breaks.
  world.server.faults.push((_request, handle) => handle(), lineDown, lineDown);
  await phone.sync().catch(() => {});
  world.isOnline = false;
  const file = await parsed(phone);
  expect(file.entries).toMatchObject([{ key, pending: true, receipt: { status: 'applied' } }]);
  world.server.faults.length = 0;
  world.isOnline = true;
  const desk = await another();
  await importUnsent(desk, JSON.stringify(file));
  await world.settle(desk);
  expect(world.server.requests.at(-1)?.mutations).toMatchObject([{ key, receipt: { status: 'applied' } }]);
});

test('somebody else’s file is not imported', async () => {
  const { phone } = await strandedPhone();
  const file = await exportUnsent(phone);
  const client = await another({ actor: { tenant: 'pennco', id: 'a2' } });
  await expect(importUnsent(client, file)).rejects.toMatchObject({ code: 'another_actor' });
  expect(await client.readMutations()).toEqual([]);
});

test.for(['', 'null', '{}', '{"format":"ekbaar-unsent","version":2}'])('%s is no such file', async (text) => {
  const client = await world.synced();
  await expect(importUnsent(client, text)).rejects.toMatchObject({ code: 'unreadable_file' });
});

test('mutations of an older model are imported as they are, also of a name that is no more', async () => {
  const { phone } = await strandedPhone();
  const file = await parsed(phone);
  const [entry] = file.entries.filter(({ pending }) => pending);
  if (!entry) throw new Error('nothing pending');
  world.server.model = 3;
  world.isOnline = true;
  const desk = await another({ model: { ...model, version: 3 } as TestModel });
  await importUnsent(desk, JSON.stringify({ ...file, entries: [{ ...entry, name: 'settle', args: { old: 1 } }] }));
  await world.settle(desk);
  expect(world.server.requests.at(-1)?.mutations).toMatchObject([{ name: 'settle', args: { old: 1 }, model: 1 }]);
});

test('only a client of this SDK can be asked, and only while it is open', async () => {
  const client = await world.synced();
  await client.close();
  await expect(exportUnsent(client)).rejects.toMatchObject({ code: 'closed' });
  await expect(exportUnsent({} as typeof client)).rejects.toThrow(TypeError);
});
