import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addDelivery, confirm, statusOf } from '../protocol/delivery.ts';
import { device } from '../protocol/device.ts';
import { claimsOf, good, password, people, pin, refusal } from '../sign-in/people.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

let database: FreshDatabase;
let fieldOps: FieldOps;
const tokens = { agent: '', ops: '', regional: '', settlement: '', foreign: '' };
let regions: { own: string; other: string };

beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url, demo: { agents: 6, deliveries: 60 } });
  const { agent, ops } = people(fieldOps);
  const [district = ''] = await regionalLogin();
  tokens.agent = (await agent('a01')).token;
  tokens.ops = (await ops()).token;
  tokens.regional = (await ops(district)).token;
  tokens.settlement = (await ops('settlement@pennco.example')).token;
  tokens.foreign = (await ops('ops@vishi.example', 'vishi')).token;
  const [own = ''] = claimsOf(tokens.regional)['regions'] as string[];
  const [row] = await fieldOps.query<{ region: string }>(
    sql`select region_id as region from agents where tenant = 'pennco' and region_id <> ${own} limit 1`,
  );
  regions = { own, other: row?.region ?? '' };
});
afterAll(async () => {
  await fieldOps.close();
  await database.drop();
});

async function regionalLogin(): Promise<string[]> {
  const found = await fieldOps.query<{ login: string }>(
    sql`select login from accounts where tenant = 'pennco' and id = 'ops-region'`,
  );
  return found.map(({ login }) => login);
}

describe('operations of one region', () => {
  test('read nothing of another one, by whatever way they ask', async () => {
    const scope = (region: string) => `/v1/pull?limit=1000&scope=${encodeURIComponent(`region:${region}`)}`;
    expect(refusal(await fieldOps.get(scope(regions.other), tokens.regional))).toEqual([403, 'forbidden']);
    expect((await fieldOps.get(scope(regions.own), tokens.regional)).status).toBe(200);
    for (const path of [
      '/v1/pull?limit=1000',
      `/api/v1/deliveries?region=${regions.other}`,
      '/v1/collections/agents',
    ]) {
      const mine = await fieldOps.get(path, tokens.regional);
      expect(mine.status).toBe(200);
      expect([path, mine.text.includes(regions.other)]).toEqual([path, false]);
      // The control: whoever may, sees it there.
      expect([path, (await fieldOps.get(path, tokens.ops)).text.includes(regions.other)]).toEqual([path, true]);
    }
  });

  test('change nothing of another one', async () => {
    const { id } = await addDelivery(fieldOps, { regionId: regions.other });
    const cancel = (token: string) =>
      device(fieldOps, token).mutate({ name: 'cancelDelivery', args: { deliveryId: id, reason: 'x' } });
    expect(await cancel(tokens.regional)).toMatchObject({ status: 'rejected', error: { code: 'not_found' } });
    expect(await statusOf(fieldOps, { tenant: 'pennco', id })).toBe('pending');
    expect(await cancel(tokens.ops)).toMatchObject({ status: 'applied' });
  });

  test.each([
    'GET /v1/admin/dead-letters',
    'GET /v1/admin/receipts',
    'GET /auth/accounts',
    'GET /auth/phones',
    'GET /auth/audit',
    'POST /auth/accounts {"id":"x","role":"ops","login":"x@y.z","name":"X","regions":["*"]}',
    'POST /auth/accounts/ops-region/change {"regions":["*"]}',
    'POST /auth/accounts/a01/reset-code {"deliver":"show"}',
    'POST /auth/accounts/ops/revoke {"why":"mine"}',
    'POST /auth/phones/phone-of-a01/revoke {"why":"mine"}',
    'POST /auth/phones/phone-of-a01/restore {}',
  ])('%s is not for them, nor for agents, settlement or nobody', async (line) => {
    for (const token of [tokens.regional, tokens.agent, tokens.settlement])
      expect(refusal(await send(line, token))).toEqual([403, 'forbidden']);
    expect(refusal(await send(line, null))).toEqual([401, 'unauthenticated']);
    // The control: operations with all regions may, or there is nothing to do.
    const harmless = line.replace('ops-region', 'a05').replace('ops/revoke', 'a05/revoke').replace('a01', 'a05');
    expect([200, 404]).toContain((await send(harmless, tokens.ops)).status);
  });
});

test('who administers another operator finds nobody here', async () => {
  await people(fieldOps).agent('a03');
  const accounts = (token: string) => fieldOps.get('/auth/accounts', token);
  expect((await accounts(tokens.foreign)).text).not.toContain('pennco');
  expect((await accounts(tokens.ops)).text).toContain('pennco');
  for (const line of [
    'POST /auth/accounts/ops-pennco/change {"active":false}',
    'POST /auth/phones/phone-of-a03/revoke {"why":"theirs"}',
  ])
    expect([line, (await send(line, tokens.foreign)).status]).toEqual([line, 404]);
  const phones = await fieldOps.get('/auth/phones?account=a03', tokens.foreign);
  expect(phones.body).toEqual({ phones: [], next: null });
  expect((await fieldOps.get('/auth/audit', tokens.foreign)).text).not.toContain('phone-of-a03');
  // Both have an agent a03: closing theirs closes not ours.
  await send('POST /auth/accounts/a03/change {"active":false}', tokens.foreign);
  expect((await people(fieldOps).signIn('a03', pin)).status).toBe(200);
  expect((await people(fieldOps).signIn('a03', pin, { tenant: 'vishi' })).status).toBe(403);
});

test('a body chooses neither tenant nor role nor regions', async () => {
  const more = { role: 'ops', regions: ['*'], sub: 'ops', sid: 'x', mustReset: false };
  const signedIn = good(await people(fieldOps).signIn('a02', pin, more));
  expect(claimsOf(signedIn.token)).toMatchObject({ sub: 'a02', role: 'agent', tenant: 'pennco' });
  expect(claimsOf(signedIn.token)['regions']).not.toContain('*');
  const made = await fieldOps.post('/auth/accounts', tokens.ops, {
    ...{ tenant: 'vishi', id: 'mole', role: 'ops', login: 'mole@pennco.example', name: 'Mole', regions: ['*'] },
    ...{ active: false, secretHash: 'x', demo: true },
  });
  expect(made.body).toMatchObject({ account: { id: 'mole', active: true, demo: false, hasSecret: false } });
  const [row] = await fieldOps.query<{ tenant: string }>(sql`select tenant from accounts where id = 'mole'`);
  expect(row?.tenant).toBe('pennco');
});

test('a token that somebody has edited is none', async () => {
  const [header = '', body = '', signature = ''] = tokens.agent.split('.');
  const edited = (claims: object) =>
    Buffer.from(JSON.stringify({ ...claimsOf(tokens.agent), ...claims })).toString('base64url');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  for (const forged of [
    `${header}.${edited({ role: 'ops', regions: ['*'] })}.${signature}`,
    `${none}.${edited({ role: 'ops', regions: ['*'] })}.`,
    `${header}.${edited({ sid: undefined })}.${signature}`,
    `${header}.${body}.${signature.slice(0, -2)}`,
  ])
    expect((await fieldOps.get('/v1/pull', forged)).status).toBe(401);
  expect((await fieldOps.get('/v1/pull', tokens.agent)).status).toBe(200);
});

test('an agent does nothing of operations’, and nothing of another agent’s', async () => {
  const mine = device(fieldOps, tokens.agent);
  const { id } = await addDelivery(fieldOps, { agentId: 'a02' });
  for (const [name, args, code] of [
    ['assignDelivery', { deliveryId: id, agentId: 'a01' }, 'forbidden'],
    ['cancelDelivery', { deliveryId: id, reason: 'x' }, 'forbidden'],
    ['reconcileDisbursement', { disbursementId: 'b', bankRef: 'x', amountPaise: 1 }, 'forbidden'],
    ['confirmDelivery', confirm({ id, amountPaise: 124_000 }).args, 'not_assigned'],
  ] as const)
    expect(await mine.mutate({ name, args })).toMatchObject({ status: 'rejected', error: { code } });
  expect(await statusOf(fieldOps, { tenant: 'pennco', id })).toBe('pending');
  expect(refusal(await fieldOps.get('/v1/pull?scope=agent%3Aa02', tokens.agent))).toEqual([403, 'forbidden']);
});

test('accounts of the demo day sign in only where the demo is', async () => {
  expect((await people(fieldOps).signIn('settlement@pennco.example', password)).status).toBe(200);
  await fieldOps.query(sql`update accounts set demo = true where tenant = 'salesco'`);
  const { fieldOpsServer } = await import('@ekbaar/field-ops/server');
  const { openDatabase } = await import('@ekbaar/server');
  const server = fieldOpsServer(await openDatabase({ url: database.url }), { secret: 'another-secret' });
  await server.start();
  const body = JSON.stringify({ tenant: 'salesco', login: 'a01', secret: pin });
  expect((await server.app.request('/auth/sign-in', { method: 'POST', body })).status).toBe(401);
  expect(await (await server.app.request('/auth')).json()).toMatchObject({ signIn: 'local', demo: null });
  await server.close();
});

test('an account of the demo day stays one: where the demo is off, its session ends and its new secret is none', async () => {
  const { fieldOpsServer } = await import('@ekbaar/field-ops/server');
  const { openDatabase } = await import('@ekbaar/server');
  const start = async (demo: boolean) => {
    const keys = { secret: 'the-secret-of-one-operation' };
    const server = fieldOpsServer(await openDatabase({ url: database.url }), keys, { signIn: { demo, proxies: 0 } });
    await server.start();
    const post = async (path: string, body: object, token?: string) => {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await server.app.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: answer.status, body: (await answer.json()) as { token: string; refreshToken: string } };
    };
    return { post, close: () => server.close() };
  };
  const [demo, real] = [await start(true), await start(false)];
  const mine = { tenant: 'salesco', login: 'ops@salesco.example' };
  const signIn = (at: typeof demo, secret: string) => at.post('/auth/sign-in', { ...mine, secret });
  const { body: session } = await signIn(demo, password);
  const renewal = { token: session.refreshToken, attempt: crypto.randomUUID() };
  const change = { old: password, secret: 'monsoon-ledger-77' };
  expect((await real.post('/auth/refresh', renewal)).status).toBe(401);
  expect((await real.post('/auth/password', change, session.token)).status).toBe(403);
  // Where the demo is, it may be changed and reset as any other; it becomes a real one by neither.
  expect((await demo.post('/auth/password', change, session.token)).status).toBe(200);
  expect((await signIn(real, change.secret)).status).toBe(401);
  const issued = await demo.post('/auth/accounts/ops/reset-code', { deliver: 'show' }, session.token);
  const { code } = issued.body as unknown as { code: string };
  expect((await demo.post('/auth/reset', { ...mine, code, secret: 'monsoon-ledger-78' })).status).toBe(200);
  expect((await signIn(real, 'monsoon-ledger-78')).status).toBe(401);
  // The control: of a real account, both servers do the same.
  await fieldOps.query(sql`update accounts set demo = false where tenant = 'salesco' and id = 'ops'`);
  const { body: own } = await signIn(demo, 'monsoon-ledger-78');
  const again = { token: own.refreshToken, attempt: crypto.randomUUID() };
  expect((await real.post('/auth/refresh', again)).status).toBe(200);
  await Promise.all([demo.close(), real.close()]);
});

test('where an identity provider signs in, nobody does here, and these routes say so', async () => {
  const { fieldOpsServer } = await import('@ekbaar/field-ops/server');
  const { openDatabase } = await import('@ekbaar/server');
  const server = fieldOpsServer(await openDatabase({ url: database.url }), { jwksUrl: 'http://127.0.0.1:9/jwks' });
  await server.start();
  expect(await (await server.app.request('/auth')).json()).toEqual({ signIn: 'provider', operators: [], demo: null });
  for (const path of ['/auth/sign-in', '/auth/refresh', '/auth/accounts']) {
    const body = JSON.stringify({ tenant: 'pennco', login: 'a01', secret: pin });
    const answer = await server.app.request(path, { method: 'POST', body });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('EKBAAR_JWKS_URL') });
  }
  await server.close();
});

/** `METHOD /path {body}` */
function send(line: string, token: string | null) {
  const [method, path = '', ...body] = line.split(' ');
  return method === 'GET' ? fieldOps.get(path, token) : fieldOps.post(path, token, body.join(' '));
}
