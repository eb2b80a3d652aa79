import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { problemIn } from './problem.ts';

let ekbaar: FieldOps;
let agent: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  agent = await ekbaar.token('a01', 'agent');
});
afterAll(() => ekbaar.close());

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const claims = { sub: 'a01', tenant: 'pennco', role: 'agent', aud: 'ekbaar', exp: inSeconds(3600) };
const send = (authorization: string | null) =>
  ekbaar.get('/v1/pull', null, authorization === null ? {} : { authorization });

describe('401 unauthenticated', () => {
  test.each([null, '', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b', 'Bearer not.a.token', 'Bearer ...'])(
    'the header %j',
    async (header) => {
      const answer = await send(header);
      expect(problemIn(answer).code).toBe('unauthenticated');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    },
  );

  test('another key', async () => {
    const sign = new SignJWT(claims).setProtectedHeader({ alg: 'HS256' });
    expect(problemIn(await send(`Bearer ${await sign.sign(new TextEncoder().encode('another secret'))}`)).code).toBe(
      'unauthenticated',
    );
  });

  test('a payload that was changed after it was signed', async () => {
    const [header, , signature] = agent.split('.');
    const payload = Buffer.from(JSON.stringify({ ...claims, sub: 'a02' })).toString('base64url');
    expect(problemIn(await send(`Bearer ${header}.${payload}.${signature}`)).code).toBe('unauthenticated');
  });

  test('alg none', async () => {
    expect(problemIn(await send(`Bearer ${new UnsecuredJWT(claims).encode()}`)).code).toBe('unauthenticated');
  });

  test.each(['HS384', 'HS512', 'RS256'])('a header that says %s', async (alg) => {
    const [, payload, signature] = agent.split('.');
    const header = Buffer.from(JSON.stringify({ alg })).toString('base64url');
    expect(problemIn(await send(`Bearer ${header}.${payload}.${signature}`)).code).toBe('unauthenticated');
  });

  test.each([
    ['another audience', { aud: 'another' }],
    ['no audience', { aud: undefined }],
    ['no exp', { exp: undefined }],
    ['no sub', { sub: undefined }],
    ['no tenant', { tenant: undefined }],
    ['no role', { role: undefined }],
    ['an empty sub', { sub: '' }],
    ['a number for a sub', { sub: 5 }],
    ['a sub with a NUL', { sub: 'a\0' }],
    ['a role with a NUL', { role: 'agent\0' }],
    ['a role with half a character', { role: 'agent\ud800' }],
    ['an empty tenant', { tenant: '' }],
    ['a tenant with a quote', { tenant: "p'; drop table agents; --" }],
    ['a list of tenants', { tenant: ['pennco', 'vishi'] }],
    ['a text for exp', { exp: 'tomorrow' }],
    ['not valid yet', { nbf: inSeconds(600) }],
  ])('%s', async (_, other) => {
    expect(problemIn(await send(`Bearer ${await ekbaar.token('a01', 'agent', 'pennco', other)}`)).code).toBe(
      'unauthenticated',
    );
  });

  test('comes before the body is looked at', async () => {
    expect(problemIn(await ekbaar.post('/v1/sync', null, '{')).code).toBe('unauthenticated');
  });
});

describe('401 token_expired', () => {
  test.each([0, -1, -4, -50, -65, -3600])('%i s ago', async (seconds) => {
    const token = await ekbaar.token('a01', 'agent', 'pennco', { exp: inSeconds(seconds) });
    expect(problemIn(await send(`Bearer ${token}`)).code).toBe('token_expired');
  });

  test('clocks may differ at the beginning, by a minute', async () => {
    const token = await ekbaar.token('a01', 'agent', 'pennco', { nbf: inSeconds(50) });
    expect((await send(`Bearer ${token}`)).status).toBe(200);
  });

  test('keeps what was sent from being taken', async () => {
    const token = await ekbaar.token('a01', 'agent', 'pennco', { exp: inSeconds(-65) });
    const clientId = crypto.randomUUID();
    const mutations = [{ id: 1, key: clientId, name: '$skip', args: {}, at: '2026-11-22T10:00:00Z', model: 1 }];
    expect(problemIn(await ekbaar.trySync(token, { clientId, mutations })).code).toBe('token_expired');
    expect((await ekbaar.sync(agent, { clientId, mutations })).receipts).toMatchObject([{ replayed: false }]);
  });
});

test('the scheme’s name may be in any case', async () => {
  expect((await send(`bearer ${agent}`)).status).toBe(200);
});

test('one audience of several is enough', async () => {
  const token = await ekbaar.token('a01', 'agent', 'pennco', { aud: ['other', 'ekbaar'] });
  expect((await send(`Bearer ${token}`)).status).toBe(200);
});
