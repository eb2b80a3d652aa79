import { afterEach, beforeEach, expect, test } from 'vitest';
import { idle } from '../testing/fake-clock.ts';
import { type Fault, json } from '../testing/fake-server.ts';
import { World } from '../testing/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const confirm = (deliveryId: string) => ['confirm', { deliveryId, amountPaise: 100 }] as const;

test('a restored server gets back what it lost, under the old keys', async () => {
  const client = await world.synced();
  await client.mutate('note', { text: 'before' });
  await world.settle(client);
  const restore = world.server.backup();
  await client.mutate(...confirm('d1'));
  await client.mutate(...confirm('d1'));
  await world.settle(client);
  const outcomes = await client.readMutations();
  const { clientId } = client;

  restore();
  expect(world.server.row('deliveries', 'd1')).toMatchObject({ status: 'pending' });
  const seen: string[] = [];
  client.watch('deliveries', { where: { id: 'd1' } }, ([row]) => seen.push(row?.status ?? 'gone'));
  await client.mutate('note', { text: 'after' });
  await world.settle(client);

  expect(world.server.row('deliveries', 'd1')).toMatchObject({ status: 'confirmed' });
  expect(client.clientId).toBe(clientId);
  expect((await client.readMutations()).slice(0, 3)).toEqual(outcomes);
  const healing = world.server.requests.find(({ mutations }) => mutations.some(({ receipt }) => receipt));
  expect(healing?.mutations.map(({ id, receipt }) => [id, receipt?.status])).toEqual([
    [2, 'applied'],
    [3, 'rejected'],
    [4, undefined],
  ]);
  expect(seen).toEqual(['confirmed']);
});

test('a gap that the log cannot fill is healed under a new client id', async () => {
  const client = await world.synced({ keepOutcomesMs: 60_000 });
  const restore = world.server.backup();
  await client.mutate('note', { text: 'forgotten' });
  await world.settle(client);
  await world.clock.pass(300_000);
  expect(await client.readMutations()).toEqual([]);
  const kept = await client.mutate(...confirm('d1'));
  await world.settle(client);
  const { clientId } = client;
  restore();
  const after = await client.mutate(...confirm('d2'));
  await world.settle(client);
  expect(client.clientId).not.toBe(clientId);
  expect((await client.readMutations()).map(({ id, key, state }) => [id, key, state])).toEqual([
    [1, kept.key, 'applied'],
    [2, after.key, 'applied'],
  ]);
  expect(world.server.row('deliveries', 'd1')).toMatchObject({ status: 'confirmed' });
  expect((await client.mutate('note', { text: 'next' })).id).toBe(3);
  await world.settle(client);
});

test('a forked client takes a new id and sends what has no outcome under its old key', async () => {
  const client = await world.synced();
  const settled = await client.mutate(...confirm('d1'));
  await world.settle(client);
  // The clone has used the next id for something else.
  const { clientId } = client;
  world.server.clients.get(clientId)?.keys.set(2, 'another key');
  Object.assign(world.server.clients.get(clientId) ?? {}, { last: 2 });

  const seen: string[] = [];
  const first = await client.mutate(...confirm('d2'));
  client.watch('deliveries', { where: { id: 'd2' } }, ([row]) => seen.push(row?.status ?? 'gone'));
  const second = await client.mutate('note', { text: 'mine' });
  expect([first.id, second.id]).toEqual([2, 3]);
  await world.settle(client);
  expect(client.clientId).not.toBe(clientId);
  const records = await client.readMutations();
  expect(records.map(({ key, state }) => [key, state])).toEqual([
    [settled.key, 'applied'],
    [first.key, 'applied'],
    [second.key, 'applied'],
  ]);
  expect(records.slice(1).map(({ id }) => id)).toEqual([1, 2]);
  expect([settled, first, second].map(({ key }) => world.server.applied.get(key))).toEqual([1, 1, 1]);
  expect(seen).toEqual(['confirmed']);
});

test('a server that knows more of this client than the client itself means a fork, too', async () => {
  const client = await world.synced();
  const { clientId } = client;
  Object.assign(world.server.clients.get(clientId) ?? {}, { last: 7 });
  await client.sync();
  expect(client.clientId).not.toBe(clientId);
});

test('a scope that is reset is forgotten and fetched again; the others stay', async () => {
  world.server.scopes.set('region:r1', { version: 0, lines: new Map() });
  world.server.write('deliveries', 'd1', { id: 'd1', status: 'pending', amountPaise: 100 });
  world.server.write('notes', 'n1', { id: 'n1', text: 'kept' }, ['region:r1']);
  const client = await world.synced();
  const ids = async () => (await client.read('deliveries')).map(({ id }) => id);
  expect(await ids()).toEqual(['d1', 'd2']);
  // History was lost: d2 went without a trace.
  world.server.scopes.get('agent:a1')?.lines.delete('deliveries/d2');
  world.server.reset.add('agent:a1');
  await client.sync();
  expect(await ids()).toEqual(['d1']);
  expect(await client.read('notes')).toHaveLength(1);
});

test('rows of a dropped scope go, unless another scope holds them', async () => {
  world.server.scopes.set('region:r1', { version: 0, lines: new Map() });
  world.server.write('deliveries', 'd1', { id: 'd1', status: 'pending', amountPaise: 1 });
  world.server.write('notes', 'n1', { id: 'n1', text: 'x' }, ['region:r1']);
  const client = await world.synced();
  expect(client.status.get().scopes.toSorted()).toEqual(['agent:a1', 'region:r1']);
  world.server.dropped.add('region:r1');
  await client.sync();
  expect(client.status.get().scopes).toEqual(['agent:a1']);
  expect(await client.read('notes')).toEqual([]);
  expect(await client.read('deliveries')).toHaveLength(2);
});

test('a replica that does not add up is named and mended', async () => {
  const client = await world.synced();
  world.server.scopes.get('agent:a1')?.lines.delete('deliveries/d2');
  world.server.write('deliveries', 'd1', { id: 'd1', status: 'pending', amountPaise: 5 });
  await client.sync();
  expect(world.server.requests.at(-1)?.diverged).toEqual(['agent:a1']);
  expect(await client.read('deliveries')).toEqual([{ id: 'd1', status: 'pending', amountPaise: 5 }]);
  expect(client.status.get().lastError).toBeNull();
});

test('a replica that never adds up is not fetched in a hot loop', async () => {
  const client = await world.synced();
  const wrong: Fault = async (_request, handle) => {
    const body = (await (await handle()).json()) as { delta: object };
    return json({ ...body, delta: { ...body.delta, scopes: { 'agent:a1': { version: 9, rows: 1, checksum: '1' } } } });
  };
  world.server.faults.push(...Array.from({ length: 50 }, () => wrong));
  await client.sync();
  expect(world.server.faults).toHaveLength(47);
  expect(client.status.get().lastError?.code).toBe('diverged');
  await client.sync();
  expect(world.server.faults).toHaveLength(46);
  world.server.faults.length = 0;
  await client.sync();
  await client.sync();
  expect(client.status.get().lastError).toBeNull();
});

test('a dead letter that ops retried changes its outcome through the collection receipts', async () => {
  const client = await world.synced();
  world.server.mutators['note'] = () => ({ status: 'dead', error: { code: 'failed', message: 'it threw' } });
  const { key } = await client.mutate('note', { text: 'x' });
  await world.settle(client);
  expect(client.status.get().needsAttention).toBe(1);
  world.server.write('receipts', key, { id: key, status: 'applied', result: null });
  await client.sync();
  expect(await client.readMutations()).toMatchObject([{ key, state: 'applied' }]);
  expect(client.status.get().needsAttention).toBe(0);
});

const deadNote = { status: 'dead', error: { code: 'halted', message: 'it threw' } } as const;

test('a dead letter that ops closed says why, and wants to be seen once more', async () => {
  const client = await world.synced();
  world.server.mutators['note'] = () => deadNote;
  const { key } = await client.mutate('note', { text: 'x' });
  await world.settle(client);
  await client.deadLetters.dismiss(key);
  const close = () =>
    world.server.write('receipts', key, { key, ...deadNote, closedAt: 'now', closeReason: 'paid at the branch' });
  close();
  await client.sync();
  expect(await client.deadLetters.read()).toMatchObject([
    { key, state: 'dead', error: { code: 'halted' }, closeReason: 'paid at the branch' },
  ]);
  // Sent whole again, the scope tells nothing new.
  await client.deadLetters.dismiss(key);
  world.server.reset.add('agent:a1');
  close();
  await client.sync();
  expect(await client.deadLetters.read()).toEqual([]);
  expect(await client.readMutations()).toMatchObject([{ state: 'dead', closeReason: 'paid at the branch' }]);
});

test('a dead letter that was closed before this device heard of it says why all the same', async () => {
  const client = await world.synced();
  world.server.halts.add('note');
  const { key } = await client.mutate('note', { text: 'x' });
  await expect(client.sync()).rejects.toThrow('halted');
  // The server gave up on it, operations closed it, and the phone hears of the closing first.
  world.server.write('receipts', key, { key, ...deadNote, closedAt: 'now', closeReason: 'paid at the branch' });
  await expect(client.sync()).rejects.toThrow('halted');
  expect(await client.readMutations()).toMatchObject([{ key, state: 'sent' }]);
  world.server.halts.clear();
  world.server.mutators['note'] = () => deadNote;
  await client.sync();
  await world.settle(client);
  expect(await client.deadLetters.read()).toMatchObject([{ key, state: 'dead', closeReason: 'paid at the branch' }]);
});

test('what ops did with a mutation of another device of the same person stays off this one’s log', async () => {
  const client = await world.synced();
  world.server.write('receipts', 'another key', { key: 'another key', status: 'applied' });
  await client.sync();
  expect(await client.readMutations()).toEqual([]);
  expect(client.status.get().lastError).toBeNull();
});

test('pokes wake the loop, but not those about what is here already', async () => {
  const client = await world.synced({ platform: { pokes: true } });
  await idle();
  const before = world.server.requests.length;
  world.server.poke({ 'agent:a1': 2 });
  await idle();
  expect(world.server.requests).toHaveLength(before);
  world.server.write('notes', 'n1', { id: 'n1', text: 'new' });
  world.server.poke({ 'agent:a1': 3 });
  await idle();
  expect(await client.read('notes')).toHaveLength(1);

  // The stream breaks; afterwards the client looks, in case it missed something.
  world.server.write('notes', 'n2', { id: 'n2', text: 'unheard' });
  for (const stream of world.server.streams) stream.close();
  world.server.streams.clear();
  await world.clock.pass(3000);
  expect(await client.read('notes')).toHaveLength(2);
  expect(world.server.streams.size).toBe(1);
  await client.close();
  await idle();
  expect(world.server.streams.size).toBe(0);
});
