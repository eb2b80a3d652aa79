import type { Delta } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { addDelivery } from './delivery.ts';
import { problemIn } from './problem.ts';
import { catchUp, Replica } from './replica.ts';

let ekbaar: FieldOps;
let agent: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  agent = await ekbaar.token('a01', 'agent');
});
afterAll(() => ekbaar.close());

const everything = async (token: string, replica = new Replica()): Promise<{ replica: Replica; last: Delta }> => {
  await ekbaar.server.engine.sweep();
  let last: Delta | undefined;
  await catchUp(replica, async (cursor) => (last = (await ekbaar.sync(token, { cursor })).delta));
  if (last === undefined) throw new Error('no page came');
  return { replica, last };
};
const opsOf = (...regions: string[]) => ekbaar.token('ops', 'ops', 'pennco', { regions });
const regionsOfPennco = async () =>
  (
    await ekbaar.query<{ id: string }>(
      sql`select distinct region_id as id from agents where tenant = 'pennco' order by 1`,
    )
  ).map(({ id }) => id);

describe('which scopes a token reads', () => {
  test('ops: every region of the tenant, or those that the token names', async () => {
    const regions = await regionsOfPennco();
    const all = await everything(await opsOf('*'));
    expect(Object.keys(all.last.scopes)).toEqual(regions.map((id) => `region:${id}`));
    const [one = ''] = regions;
    const some = await everything(await opsOf(one));
    expect(Object.keys(some.last.scopes)).toEqual([`region:${one}`]);
    for (const row of some.replica.rows.values()) expect(row['regionId']).toBe(one);
  });

  test('a region that has nothing yet is an empty scope', async () => {
    const { last } = await everything(await opsOf('IN-XX-99'));
    expect(last.scopes).toEqual({ 'region:IN-XX-99': { version: 0, rows: 0, checksum: '0' } });
  });

  test.each([
    [{ regions: undefined }],
    [{ regions: [] }],
    [{ regions: '*' }],
    [{ regions: [5, null] }],
    [{ regions: ['\0', '\ud800'] }],
  ])('ops with the claim %j: none', async (claims) => {
    const { last } = await everything(await ekbaar.token('ops', 'ops', 'pennco', claims));
    expect(last).toMatchObject({ scopes: {}, changes: [] });
  });

  test('a role that nobody knows: none', async () => {
    const { last } = await everything(await ekbaar.token('a01', 'auditor'));
    expect(last).toMatchObject({ scopes: {}, changes: [] });
  });

  test('an agent reads no region, whatever the token says of regions', async () => {
    const { last } = await everything(await ekbaar.token('a01', 'agent', 'pennco', { regions: ['*'] }));
    expect(Object.keys(last.scopes)).toEqual(['agent:a01']);
  });

  test('server tables are in no scope', async () => {
    const { replica } = await everything(await opsOf('*'));
    const collections = new Set([...replica.rows.keys()].map((id) => id.split('/')[0]));
    expect(collections).toEqual(new Set(['agents', 'deliveries', 'disbursements']));
  });
});

describe('a token that may read less than before', () => {
  test('the scopes it lost are dropped, once; the others go on where they were', async () => {
    const [one = '', ...others] = await regionsOfPennco();
    const { replica } = await everything(await opsOf(one, ...others));
    const less = await opsOf(one);
    const { last } = await everything(less, replica);
    expect(last.dropped.toSorted()).toEqual(others.map((id) => `region:${id}`));
    expect(last).toMatchObject({ changes: [], reset: [] });
    expect(replica.scopes).toEqual([`region:${one}`]);
    expect((await everything(less, replica)).last.dropped).toEqual([]);
  });

  test('and more again: the scope comes whole', async () => {
    const regions = await regionsOfPennco();
    const [one = ''] = regions;
    const { replica } = await everything(await opsOf(...regions));
    const whole = replica.rows;
    await everything(await opsOf(one), replica);
    await everything(await opsOf(...regions), replica);
    expect(replica.rows).toEqual(whole);
  });

  test('in the middle of a first sync', async () => {
    const regions = await regionsOfPennco();
    const [one = '', two = ''] = regions;
    const replica = new Replica();
    replica.apply((await ekbaar.sync(await opsOf(one, two), { limit: 3 })).delta);
    await everything(await opsOf(two), replica);
    expect(replica.scopes).toEqual([`region:${two}`]);
  });
});

describe('a cursor is never believed', () => {
  const forge = (scopes: Record<string, unknown>, history = 'x') =>
    Buffer.from(JSON.stringify({ h: history, s: scopes })).toString('base64url');
  const historyIn = (cursor: string | null): string =>
    (JSON.parse(Buffer.from(cursor ?? '', 'base64url').toString()) as { h: string }).h;

  test.each([
    ['no base64', '%%%'],
    ['no JSON', Buffer.from('hello').toString('base64url')],
    ['other JSON', Buffer.from('[1,2,3]').toString('base64url')],
    ['no positions', Buffer.from('{"h":"x"}').toString('base64url')],
    ['negative versions', forge({ 'agent:a01': -5 })],
    ['fractions', forge({ 'agent:a01': 1.5 })],
    ['texts', forge({ 'agent:a01': '5' })],
    ['a NUL in the line', forge({ 'agent:a01': [1, 1, 'deliveries\0', 'd'] })],
    ['half a character in the line', forge({ 'agent:a01': [1, 1, 'deliveries', 'd\ud800'] })],
    ['nothing', ''],
  ])('%s: malformed, and the mutations beside it are not taken', async (_, cursor) => {
    const clientId = crypto.randomUUID();
    const mutations = [
      { id: 1, key: crypto.randomUUID(), name: '$skip', args: {}, at: new Date().toISOString(), model: 1 },
    ];
    expect(problemIn(await ekbaar.trySync(agent, { cursor, clientId, mutations })).code).toBe('malformed');
    expect((await ekbaar.sync(agent, { clientId })).delta.lastMutationId).toBe(0);
  });

  test('with scopes that the token may not read: dropped, and not a row of them', async () => {
    const history = historyIn((await ekbaar.sync(agent)).delta.cursor);
    const cursor = forge({ 'agent:a02': 0, 'region:IN-BR-09': [0, 0, '', ''], nonsense: 1 }, history);
    const { delta } = await ekbaar.sync(agent, { cursor });
    expect(delta.dropped.toSorted()).toEqual(['agent:a02', 'nonsense', 'region:IN-BR-09']);
    expect(Object.keys(delta.scopes)).toEqual(['agent:a01']);
    expect(new Set(delta.changes.map(({ scope }) => scope))).toEqual(new Set(['agent:a01']));
  });

  test('with a position in the middle of a version that never was', async () => {
    const cursor = forge({ 'agent:a01': [2 ** 52, 2 ** 52, 'zzz', 'zzz'] });
    expect((await ekbaar.sync(agent, { cursor })).delta.reset).toEqual(['agent:a01']);
  });

  test('of another tenant: not one row of it', async () => {
    const other = await ekbaar.token('a01', 'agent', 'vishi');
    await addDelivery(ekbaar, { tenant: 'vishi' });
    const { replica } = await everything(other);
    const { delta } = await ekbaar.sync(agent, { cursor: replica.cursor });
    // Its positions mean nothing here, though the scope has the same name: as of another history.
    expect(delta.reset).toEqual(['agent:a01']);
    expect(delta.changes).toHaveLength(delta.scopes['agent:a01']?.rows ?? -1);
    const ours = await ekbaar.query<{ id: string }>(
      sql`select id from deliveries where tenant = 'pennco' union select id from agents where tenant = 'pennco'`,
    );
    const known = new Set(ours.map(({ id }) => id));
    expect(delta.changes.filter(({ id }) => !known.has(id))).toEqual([]);
  });
});
