import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { device } from './device.ts';
import { problemIn } from './problem.ts';
import { type SmallServer, startSmallServer } from './small-server.ts';

let small: SmallServer;
let writer: string;
beforeAll(async () => {
  small = await startSmallServer();
  writer = await small.token('w1', 'writer');
});
beforeEach(() => {
  small.broken = true;
});
afterAll(() => small.close());

const note = () => ({ id: crypto.randomUUID() });
const bodies = (ids: readonly string[]) =>
  small.query<{ body: string }>(sql`select body from notes where id in ${ids} order by body`);

/** A log of three: one before, the one that stumbles, one behind. */
function threeOf(phone: ReturnType<typeof device>) {
  const ids = [note(), note(), note()] as const;
  const mutations = phone.next(
    { name: 'write', args: { ...ids[0], body: 'before' } },
    { name: 'stumble', args: ids[1] },
    { name: 'write', args: { ...ids[2], body: 'behind' } },
  );
  return { mutations, ids: ids.map(({ id }) => id) };
}

describe('a mutator that throws', () => {
  test('halts the log there: earlier mutations stay, its own writes go, later ones wait', async () => {
    const phone = device(small, writer);
    const { mutations, ids } = threeOf(phone);
    const { receipts, stopped, delta } = await phone.sync({ mutations });
    expect(receipts).toMatchObject([{ id: 1, status: 'applied' }]);
    expect(stopped).toMatchObject({ id: 2, code: 'halted', retryAfterMs: expect.any(Number) });
    expect(delta.lastMutationId).toBe(1);
    expect(await bodies(ids)).toEqual([{ body: 'before' }]);
  });

  test('runs at a later try, when the bug is gone', async () => {
    const phone = device(small, writer);
    const { mutations, ids } = threeOf(phone);
    await phone.sync({ mutations });
    small.broken = false;
    const { receipts, stopped } = await phone.sync({ mutations });
    expect(stopped).toBeNull();
    expect(receipts.map(({ status, replayed }) => [status, replayed])).toEqual([
      ['applied', true],
      ['applied', false],
      ['applied', false],
    ]);
    expect(await bodies(ids)).toEqual([{ body: 'before' }, { body: 'behind' }, { body: 'stumbled' }]);
  });

  test('is a dead letter after five tries and fifteen minutes, and the queue goes on', async () => {
    const phone = device(small, writer);
    const { mutations, ids } = threeOf(phone);
    for (let tries = 1; tries <= 4; tries++) {
      expect((await phone.sync({ mutations })).stopped).toMatchObject({ id: 2, code: 'halted' });
      small.passMinutes(4);
    }
    const { receipts, stopped, delta } = await phone.sync({ mutations });
    expect(receipts).toMatchObject([
      { id: 1, status: 'applied', replayed: true },
      { id: 2, status: 'dead' },
      { id: 3, status: 'applied' },
    ]);
    expect(stopped).toBeNull();
    expect(delta.lastMutationId).toBe(3);
    expect(await bodies(ids)).toEqual([{ body: 'before' }, { body: 'behind' }]);
    const kept = await small.query(sql`select status, args from sync.receipts where key = ${mutations[1]?.key}`);
    expect(kept).toEqual([{ status: 'dead', args: { id: ids[1] } }]);
    // Also when the bug is gone: only ops take it up again.
    small.broken = false;
    expect((await phone.sync({ mutations })).receipts[1]).toMatchObject({ status: 'dead', replayed: true });
  });

  test('is none after many tries in a short time, nor after a long time with few', async () => {
    const often = device(small, writer);
    const { mutations } = threeOf(often);
    for (let tries = 1; tries <= 8; tries++) {
      expect((await often.sync({ mutations })).stopped).toMatchObject({ code: 'halted' });
    }
    const seldom = device(small, writer);
    const few = threeOf(seldom).mutations;
    await seldom.sync({ mutations: few });
    small.passMinutes(600);
    expect((await seldom.sync({ mutations: few })).stopped).toMatchObject({ code: 'halted' });
  });

  test('asks for longer pauses as it goes on, a minute at most', async () => {
    const phone = device(small, writer);
    const { mutations } = threeOf(phone);
    const pauses: number[] = [];
    for (let tries = 1; tries <= 8; tries++) pauses.push((await phone.sync({ mutations })).stopped?.retryAfterMs ?? 0);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(pauses[0]).toBeGreaterThan(0);
    expect(pauses.at(-1)).toBe(60_000);
  });

  test('stops nobody else', async () => {
    const phone = device(small, writer);
    await phone.sync({ mutations: threeOf(phone).mutations });
    const receipt = await device(small, writer).mutate({ name: 'write', args: { ...note(), body: 'elsewhere' } });
    expect(receipt.status).toBe('applied');
  });

  test('over REST is 503 halted with Retry-After, and leaves nothing', async () => {
    const [args, key] = [note(), crypto.randomUUID()];
    const send = () => small.post('/v1/mutations/stumble', writer, args, { 'idempotency-key': key });
    const answer = await send();
    expect(problemIn(answer).code).toBe('halted');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await small.query(sql`select from sync.receipts where key = ${key}`)).toEqual([]);
    small.broken = false;
    expect((await send()).status).toBe(200);
    expect(await bodies([args.id])).toEqual([{ body: 'stumbled' }]);
  });
});

describe('versions of the model', () => {
  test('older than the oldest supported: 409 model_too_old, nothing is taken', async () => {
    const phone = device(small, writer);
    const mutations = phone.next({ name: 'write', args: { ...note(), body: 'old' } });
    expect(problemIn(await small.trySync(writer, { clientId: phone.clientId, model: 1, mutations })).code).toBe(
      'model_too_old',
    );
    expect((await phone.sync()).delta.lastMutationId).toBe(0);
  });

  test('older, but supported: goes on', async () => {
    const phone = device(small, writer);
    const mutations = phone.next({ name: 'write', args: { ...note(), body: 'old' }, model: 2 });
    expect((await phone.sync({ model: 2, mutations })).receipts).toMatchObject([{ status: 'applied' }]);
  });

  test('newer: pulls, and its older mutations go on', async () => {
    const phone = device(small, writer);
    const mutations = phone.next({ name: 'write', args: { ...note(), body: 'new' }, model: 3 });
    expect((await phone.sync({ model: 4, mutations })).receipts).toMatchObject([{ status: 'applied' }]);
  });
});
