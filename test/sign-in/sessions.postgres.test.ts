import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { claimsOf, good, password, people, pin, refusal } from './people.ts';

let database: FreshDatabase;
let fieldOps: FieldOps;
let now = new Date();
const later = (minutes: number) => (now = new Date(now.getTime() + minutes * 60_000));

beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url, demo: { agents: 8, deliveries: 80 }, clock: () => now });
});
afterAll(async () => {
  await fieldOps.close();
  await database.drop();
});

const mayPull = async (token: string) => refusal(await fieldOps.get('/v1/pull?limit=1', token));

test('an agent signs in with code and PIN, and the token has the protocol’s claims and the session', async () => {
  const { agent } = people(fieldOps);
  const { token, escrowKey } = await agent('a01');
  const { exp, iat, sid, regions, ...claims } = claimsOf(token);
  expect(claims).toEqual({ sub: 'a01', tenant: 'pennco', role: 'agent', aud: 'ekbaar' });
  expect(Number(exp) - Number(iat)).toBe(15 * 60);
  expect(sid).toMatch(/^[\w-]{22}~1$/);
  expect(regions).toEqual([expect.stringMatching(/^IN-BR-/)]);
  expect(Buffer.from(escrowKey ?? '', 'base64url')).toHaveLength(32);
  expect((await fieldOps.sync(token)).delta.scopes).toHaveProperty(['agent:a01']);
  // Whose secret is what is the tenant's own.
  expect(refusal(await people(fieldOps).signIn('a01', password))).toEqual([401, 'unauthenticated']);
});

test('the login is found however it is written', async () => {
  expect((await people(fieldOps).signIn(' A01 ', pin)).status).toBe(200);
  expect((await people(fieldOps).signIn('OPS@pennco.example', password)).status).toBe(200);
});

test('a lost answer costs nothing: the same attempt brings the same token again', async () => {
  const { agent, refresh } = people(fieldOps);
  const first = await agent('a01');
  const attempt = crypto.randomUUID();
  const second = good(await refresh(first.refreshToken, attempt));
  const again = good(await refresh(first.refreshToken, attempt));
  expect(second.refreshToken).not.toBe(first.refreshToken);
  expect(again.refreshToken).toBe(second.refreshToken);
  const third = good(await refresh(second.refreshToken));
  expect((await mayPull(third.token))[0]).toBe(200);
  const together = crypto.randomUUID();
  const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(third.refreshToken, together)));
  expect(new Set(answers.map((answer) => good(answer).refreshToken)).size).toBe(1);
});

test('a phone that was away for weeks still renews; after two months without use it signs in again', async () => {
  const { agent, refresh } = people(fieldOps);
  const first = await agent('a01');
  later(59 * 24 * 60);
  const second = good(await refresh(first.refreshToken));
  later(61 * 24 * 60);
  expect(refusal(await refresh(second.refreshToken))).toEqual([401, 'unauthenticated']);
});

test('the office’s sessions end after 12 hours without use and after a week, also for a client that is not the console', async () => {
  const { signIn, refresh } = people(fieldOps);
  const office = async (login: string) => good(await signIn(login, password));
  for (const login of ['ops@pennco.example', 'settlement@pennco.example']) {
    const idle = await office(login);
    later(12 * 60);
    expect([login, ...refusal(await refresh(idle.refreshToken))]).toEqual([login, 401, 'unauthenticated']);
  }
  let { refreshToken } = await office('ops@pennco.example');
  for (let hours = 11; hours < 7 * 24; hours += 11) {
    later(11 * 60);
    ({ refreshToken } = good(await refresh(refreshToken)));
  }
  later(11 * 60);
  expect(refusal(await refresh(refreshToken))).toEqual([401, 'unauthenticated']);
});

test('what a phone says of itself, operations see; what opens its data they do not', async () => {
  const { agent, refresh, phone, ops } = people(fieldOps);
  const first = await agent('a02');
  const said = { ...phone('a02'), clientId: 'c_12345678', unsent: 3, model: 1, clockErrorMs: -4_000 };
  const second = good(await refresh(first.refreshToken, crypto.randomUUID(), said));
  expect(second.escrowKey).toBe(first.escrowKey);
  const { body } = await fieldOps.get('/auth/phones?account=a02', (await ops()).token);
  expect(body).toMatchObject({
    phones: [
      {
        id: 'phone-of-a02',
        accountId: 'a02',
        name: 'Redmi 9A',
        clientIds: ['c_12345678'],
        unsent: 3,
        model: 1,
        clockErrorMs: -4_000,
        revokedAt: null,
      },
    ],
  });
  expect(JSON.stringify(body)).not.toContain(first.escrowKey);
  // A phone speaks for itself only.
  await refresh(second.refreshToken, crypto.randomUUID(), { ...said, id: 'phone-of-a01', unsent: 99 });
  const others = await fieldOps.get('/auth/phones?account=a02', (await ops()).token);
  expect((others.body as { phones: unknown[] }).phones).toHaveLength(1);
});

test('a reset by text message: the code is in the outbox, is good once, and ends all sessions', async () => {
  const { agent, signIn, ops } = people(fieldOps);
  const before = await agent('a03');
  const ask = (login: string) => fieldOps.post('/auth/reset/request', null, { tenant: 'pennco', login });
  const known = await ask('a03');
  expect([known.status, known.text]).toEqual([200, (await ask('nobody')).text]);
  const code = await codeSent('sms', 'a03');
  const reset = (secret: string, typed = code) =>
    fieldOps.post('/auth/reset', null, { tenant: 'pennco', login: 'a03', code: typed, secret });
  expect(refusal(await reset('111111'))).toEqual([400, 'malformed']);
  expect(refusal(await reset('604713', 'AAAA-BBBB'))).toEqual([401, 'unauthenticated']);
  expect((await reset('604713', code.toLowerCase().replace('-', ' '))).status).toBe(200);
  expect(refusal(await reset('604714'))).toEqual([401, 'unauthenticated']);
  expect(refusal(await signIn('a03', pin))).toEqual([401, 'unauthenticated']);
  expect((await mayPull(before.token))[0]).toBe(401);
  // The phone gets the same key again: what is on it can be opened.
  expect((await agent('a03', '604713')).escrowKey).toBe(before.escrowKey);
  expect(await events((await ops()).token, 'a03')).toEqual(
    expect.arrayContaining(['reset_requested', 'secret_reset', 'refused', 'signed_in']),
  );
});

test('a code runs out, and a newer one ends it', async () => {
  const { ops } = people(fieldOps);
  const { token } = await ops();
  const issue = async () => {
    const { body } = await fieldOps.post('/auth/accounts/a04/reset-code', token, { deliver: 'show' });
    return (body as { code: string }).code;
  };
  const reset = (code: string) =>
    fieldOps.post('/auth/reset', null, { tenant: 'pennco', login: 'a04', code, secret: '604713' });
  const [old, newer] = [await issue(), await issue()];
  expect((await reset(old)).status).toBe(401);
  later(61);
  expect((await reset(newer)).status).toBe(401);
  expect((await reset(await issue())).status).toBe(200);
});

test('an e-mail address gets its code by e-mail', async () => {
  await fieldOps.post('/auth/reset/request', null, { tenant: 'pennco', login: 'ops@pennco.example' });
  const code = await codeSent('email', 'ops@pennco.example');
  const body = { tenant: 'pennco', login: 'ops@pennco.example', code, secret: password };
  expect((await fieldOps.post('/auth/reset', null, body)).status).toBe(200);
});

test('changing the own PIN needs the old one; this session goes on and the others end', async () => {
  const { agent, signIn } = people(fieldOps);
  const [here, there] = [await agent('a05'), await agent('a05')];
  const change = (old: string, secret: string) => fieldOps.post('/auth/password', here.token, { old, secret });
  expect(refusal(await change('000000', '604713'))).toEqual([403, 'forbidden']);
  expect(refusal(await change(pin, '123456'))).toEqual([400, 'malformed']);
  expect((await change(pin, '604713')).status).toBe(200);
  expect([(await mayPull(here.token))[0], (await mayPull(there.token))[0]]).toEqual([200, 401]);
  expect((await signIn('a05', '604713')).status).toBe(200);
});

test('operations make an account, whose owner chooses the secret; new regions count at once', async () => {
  const { ops, signIn } = people(fieldOps);
  const { token } = await ops();
  const asked = { id: 'ravi', role: 'ops', login: 'ravi@pennco.example', name: 'Ravi', regions: ['IN-BR-01'] };
  const made = await fieldOps.post('/auth/accounts', token, asked);
  expect(made.body).toMatchObject({ account: { id: 'ravi', hasSecret: false, active: true } });
  expect(refusal(await fieldOps.post('/auth/accounts', token, asked))).toEqual([400, 'malformed']);
  expect(
    refusal(await fieldOps.post('/auth/accounts', token, { ...asked, id: 'z9', role: 'agent', login: 'z9' })),
  ).toEqual([400, 'malformed']);
  const { code } = made.body as { code: string };
  const choose = { tenant: 'pennco', login: asked.login, code, secret: 'monsoon-ledger-77' };
  expect((await fieldOps.post('/auth/reset', null, choose)).status).toBe(200);
  const ravi = good(await signIn(asked.login, choose.secret));
  expect(claimsOf(ravi.token)['regions']).toEqual(['IN-BR-01']);

  const change = (body: object) => fieldOps.post('/auth/accounts/ravi/change', token, body);
  await change({ regions: ['IN-BR-02'] });
  expect(await mayPull(ravi.token)).toEqual([401, 'token_expired']);
  const renewed = good(await people(fieldOps).refresh(ravi.refreshToken));
  expect(claimsOf(renewed.token)['regions']).toEqual(['IN-BR-02']);
  expect((await mayPull(renewed.token))[0]).toBe(200);

  // Another role, too, and only within the office.
  await change({ role: 'settlement' });
  expect(await mayPull(renewed.token)).toEqual([401, 'token_expired']);
  expect(claimsOf(good(await signIn(asked.login, choose.secret)).token)['role']).toBe('settlement');
  expect(refusal(await change({ role: 'agent' }))).toEqual([400, 'malformed']);
  const toOthers = (id: string) => fieldOps.post(`/auth/accounts/${id}/change`, token, { role: 'settlement' });
  expect(refusal(await toOthers('a01'))).toEqual([400, 'malformed']);
  expect(refusal(await toOthers('ops'))).toEqual([403, 'forbidden']);

  // It is found by what is known of it, and only by its own operator.
  const found = async (query: string, as = token) =>
    ((await fieldOps.get(`/auth/accounts?${query}`, as)).body as { accounts: { id: string }[] }).accounts.map(
      ({ id }) => id,
    );
  expect(await found('q=RAVI@')).toEqual(['ravi']);
  expect(await found('q=ravi&role=ops')).toEqual([]);
  expect(await found('q=%25')).toEqual([]);
  expect((await fieldOps.get('/auth/accounts/ravi', token)).body).toMatchObject({ account: { role: 'settlement' } });
  const vishi = (await ops('ops@vishi.example', 'vishi')).token;
  expect(await found('q=ravi', vishi)).toEqual([]);
  expect(refusal(await fieldOps.get('/auth/accounts/ravi', vishi))).toEqual([404, 'not_found']);
  expect(refusal(await fieldOps.get('/auth/accounts?role=boss', token))).toEqual([400, 'malformed']);

  await change({ active: false });
  expect(await mayPull(renewed.token)).toEqual([401, 'unauthenticated']);
  expect(refusal(await people(fieldOps).refresh(renewed.refreshToken))).toEqual([403, 'forbidden']);
  expect(refusal(await signIn(asked.login, choose.secret))).toEqual([403, 'forbidden']);
  expect(refusal(await fieldOps.post('/auth/accounts/ops/change', token, { active: false }))).toEqual([
    403,
    'forbidden',
  ]);
});

test('another program that closes an agent closes the account', async () => {
  const { agent, refresh } = people(fieldOps);
  const before = await agent('a06');
  await fieldOps.query(sql`update agents set active = false where tenant = 'pennco' and id = 'a06'`);
  expect(refusal(await refresh(before.refreshToken))).toEqual([403, 'forbidden']);
  await fieldOps.query(sql`update agents set active = true where tenant = 'pennco' and id = 'a06'`);
  expect((await refresh(before.refreshToken)).status).toBe(200);
});

test('signing out ends the session at once', async () => {
  const { agent, refresh } = people(fieldOps);
  const { token, refreshToken } = await agent('a07');
  expect((await fieldOps.post('/auth/sign-out', null, { token: refreshToken })).status).toBe(200);
  expect(await mayPull(token)).toEqual([401, 'unauthenticated']);
  expect(refusal(await refresh(refreshToken))).toEqual([401, 'unauthenticated']);
});

test('tokens of others who have the secret name no session, and go on as they were', async () => {
  expect((await mayPull(await fieldOps.token('a07', 'agent')))[0]).toBe(200);
  expect((await mayPull(await fieldOps.token('a07', 'agent', 'pennco', { sid: 'somebody-elses' })))[0]).toBe(200);
});

test('a secret that somebody else gave is good for choosing another one', async () => {
  await fieldOps.query(sql`update accounts set must_reset = true where tenant = 'vishi' and id = 'a01'`);
  const { signIn } = people(fieldOps);
  const asked = await signIn('a01', pin, { tenant: 'vishi' });
  expect(asked.body).toEqual({ mustReset: true, code: expect.stringMatching(/^.{4}-.{4}$/) });
  const { code } = asked.body as { code: string };
  await fieldOps.post('/auth/reset', null, { tenant: 'vishi', login: 'a01', code, secret: '604713' });
  expect(good(await signIn('a01', '604713', { tenant: 'vishi' })).token).toEqual(expect.any(String));
});

test('the engine’s role, under which all that phones send is run, reads no account', async () => {
  const [granted] = await fieldOps.query<{ may: boolean }>(
    sql`select bool_or(has_table_privilege('ekbaar_engine', t, 'select')) as may
        from unnest(array['accounts', 'sessions', 'phones', 'reset_codes', 'sign_in_tries', 'identity_audit']) t`,
  );
  expect(granted?.may).toBe(false);
});

async function codeSent(queue: string, to: string): Promise<string> {
  const read = () =>
    fieldOps.query<{ code: string }>(
      sql`select data->>'code' as code from pgboss.job where name = ${queue} and data->>'kind' = 'reset_code'
          and (data->>'to' = ${to} or data->>'to' = (select phone from agents where tenant = 'pennco' and id = ${to}))`,
    );
  await expect.poll(read).toHaveLength(1);
  return (await read())[0]?.code ?? '';
}

async function events(token: string, subject: string): Promise<string[]> {
  const { body } = await fieldOps.get(`/auth/audit?subject=${subject}`, token);
  return (body as { entries: { event: string }[] }).entries.map(({ event }) => event);
}
