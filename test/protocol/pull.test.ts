import { Delta } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { addDelivery } from './delivery.ts';
import { problemIn } from './problem.ts';
import { catchUp, Replica } from './replica.ts';

let ekbaar: FieldOps;
let ops: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  ops = await ekbaar.token('ops', 'ops');
});
afterAll(() => ekbaar.close());

const pull = async (token: string, query: Record<string, string | readonly string[]> = {}): Promise<Delta> => {
  const parameters = Object.entries(query).flatMap(([name, values]) => [values].flat().map((value) => [name, value]));
  const answer = await ekbaar.get(`/v1/pull?${new URLSearchParams(parameters as string[][])}`, token);
  if (answer.status !== 200) throw new Error(`GET /v1/pull: ${answer.status} ${answer.text}`);
  expect(answer.body).not.toHaveProperty('lastMutationId');
  return Delta.parse(answer.body);
};
const pullAll = (replica: Replica, token: string, query: Record<string, string | readonly string[]> = {}) =>
  catchUp(replica, (cursor) => pull(token, { ...query, ...(cursor === null ? {} : { cursor }) }));

describe('GET /v1/pull', () => {
  test('reads a URL far longer than Node does by itself: cursors of many scopes are long', async () => {
    const { status } = await ekbaar.get(`/v1/pull?cursor=${'e'.repeat(60_000)}`, ops);
    expect(status).toBe(400);
  });

  test('is the delta of a sync, without lastMutationId', async () => {
    const [pulled, synced] = [new Replica(), new Replica()];
    await pullAll(pulled, ops);
    await catchUp(synced, async (cursor) => (await ekbaar.sync(ops, { cursor })).delta);
    expect(pulled.rows).toEqual(synced.rows);
    expect(pulled.rows.size).toBeGreaterThan(60);
  });

  test('goes on from a cursor, also from one of a sync', async () => {
    const replica = new Replica();
    await catchUp(replica, async (cursor) => (await ekbaar.sync(ops, { cursor })).delta);
    const delivery = await addDelivery(ekbaar);
    await ekbaar.server.engine.sweep();
    const delta = await pull(ops, { cursor: replica.cursor ?? '' });
    expect(delta.changes.map(({ id }) => id)).toEqual([delivery.id]);
  });

  test('pages by limit', async () => {
    const [whole, paged] = [new Replica(), new Replica()];
    await pullAll(whole, ops);
    expect(await pullAll(paged, ops, { limit: '9' })).toBeGreaterThan(5);
    expect(paged.rows).toEqual(whole.rows);
  });

  test('scope: only those asked for, many times', async () => {
    const whole = await pull(ops);
    const [one = '', two = ''] = Object.keys(whole.scopes);
    expect(Object.keys((await pull(ops, { scope: one })).scopes)).toEqual([one]);
    expect(Object.keys((await pull(ops, { scope: [one, two] })).scopes)).toEqual([one, two]);
  });

  test('a scope that was not asked for is not dropped: its cursor is kept', async () => {
    const replica = new Replica();
    await pullAll(replica, ops);
    const [one = '', two = ''] = replica.scopes;
    const gone = await addDelivery(ekbaar, { regionId: two.slice('region:'.length) });
    await ekbaar.server.engine.sweep();
    await pullAll(replica, ops);
    const narrow = await pull(ops, { scope: one, cursor: replica.cursor ?? '' });
    expect(narrow).toMatchObject({ dropped: [], reset: [], changes: [] });
    replica.cursor = narrow.cursor;
    await ekbaar.query(sql`delete from deliveries where id = ${gone.id}`);
    await ekbaar.server.engine.sweep();
    await pullAll(replica, ops);
    expect(replica.rows.has(`deliveries/${gone.id}`)).toBe(false);
  });

  test.each(['agent:a01', 'region', 'region\0', 'nonsense', ''])('scope %j: 403 for ops', async (scope) => {
    expect(problemIn(await ekbaar.get(`/v1/pull?${new URLSearchParams({ scope })}`, ops)).code).toBe('forbidden');
  });

  test('a scope that text cannot hold: refused', async () => {
    expect((await ekbaar.get('/v1/pull?scope=region:%00', ops)).status).toBe(403);
  });

  test('an agent may ask for its own scope and no other', async () => {
    const agent = await ekbaar.token('a01', 'agent');
    expect(Object.keys((await pull(agent, { scope: 'agent:a01' })).scopes)).toEqual(['agent:a01']);
    expect(problemIn(await ekbaar.get('/v1/pull?scope=agent:a02', agent)).code).toBe('forbidden');
    expect(problemIn(await ekbaar.get('/v1/pull?scope=agent:a01&scope=agent:a02', agent)).code).toBe('forbidden');
  });

  test.each(['limit=0', 'limit=-1', 'limit=1.5', 'limit=many', 'limit=', 'cursor=nonsense'])(
    '%s: malformed',
    async (query) => {
      expect(problemIn(await ekbaar.get(`/v1/pull?${query}`, ops)).code).toBe('malformed');
    },
  );

  test('a limit above the most gives what the server gives', async () => {
    for (const limit of ['100000', '9007199254740991'])
      expect((await ekbaar.get(`/v1/pull?limit=${limit}`, ops)).status).toBe(200);
  });

  test('needs a token', async () => {
    expect(problemIn(await ekbaar.get('/v1/pull', null)).code).toBe('unauthenticated');
  });
});
