import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimsOf, good, people, refusal } from '../sign-in/people.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

let database: FreshDatabase;
let fieldOps: FieldOps;

beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url, demo: { agents: 8, deliveries: 8 } });
});
afterAll(async () => {
  await fieldOps.close();
  await database.drop();
});

const mayPull = async (token: string) => refusal(await fieldOps.get('/v1/pull?limit=1', token));

test.each([
  ['the thief was first', 'thief'],
  ['the phone was first', 'phone'],
])('a copied refresh token used by two ends the session of both: %s', async (_, first) => {
  const { agent, refresh } = people(fieldOps);
  const { refreshToken: copied } = await agent(first === 'thief' ? 'a01' : 'a02');
  const winner = good(await refresh(copied, 'attempt-of-the-first-one'));
  // The control: until somebody comes with the same token and another attempt, it goes on.
  expect((await mayPull(winner.token))[0]).toBe(200);
  expect(refusal(await refresh(copied, 'attempt-of-the-second-one'))).toEqual([401, 'unauthenticated']);
  expect(await mayPull(winner.token)).toEqual([401, 'unauthenticated']);
  expect(refusal(await refresh(winner.refreshToken))).toEqual([401, 'unauthenticated']);
  const { token } = await people(fieldOps).ops();
  const { body } = await fieldOps.get(`/auth/audit?subject=${first === 'thief' ? 'a01' : 'a02'}`, token);
  expect((body as { entries: { event: string }[] }).entries.map(({ event }) => event)).toContain('token_reused');
});

test('a token of long ago ends the session too, and the same attempt is no excuse once it is answered', async () => {
  const { agent, refresh } = people(fieldOps);
  const first = await agent('a03');
  const attempt = 'the-very-same-attempt';
  const second = good(await refresh(first.refreshToken, attempt));
  const third = good(await refresh(second.refreshToken));
  // Heard and used: from then on the old one is only in a thief's hands.
  expect((await refresh(first.refreshToken, attempt)).status).toBe(401);
  expect((await mayPull(third.token))[0]).toBe(401);
});

test('two who come with a copied token at the same moment do not both get in', async () => {
  const { agent, refresh } = people(fieldOps);
  const { refreshToken } = await agent('a04');
  const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(refreshToken)));
  const winners = answers.filter(({ status }) => status === 200).map(good);
  expect(winners.length).toBeLessThan(2);
  for (const { refreshToken: next } of winners) expect((await refresh(next)).status).toBe(401);
});

test('a token that is made up ends nobody’s session', async () => {
  const { agent, refresh } = people(fieldOps);
  const mine = await agent('a05');
  const [id = ''] = String(claimsOf(mine.token)['sid']).split('~');
  const [tenant, session, random = '', tag = ''] = mine.refreshToken.split('.');
  expect(session).toBe(id);
  const other = (text: string) => (text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`);
  for (const forged of [
    `${tenant}.${id}.${other(random)}.${tag}`,
    `${tenant}.${id}.${random}.${other(tag)}`,
    `vishi.${id}.${random}.${tag}`,
    `${tenant}.${id}.${random}`,
    '...',
    mine.token,
  ])
    expect([forged, (await refresh(forged)).status]).toEqual([forged, 401]);
  expect((await mayPull(mine.token))[0]).toBe(200);
  expect((await refresh(mine.refreshToken)).status).toBe(200);
});

test('an access token is no refresh token, a refresh token no access token, and neither outlives its secret', async () => {
  const { agent } = people(fieldOps);
  const { refreshToken } = await agent('a06');
  expect((await mayPull(refreshToken))[0]).toBe(401);
  const other = await startFieldOps({ url: database.url, demo: { agents: 8, deliveries: 8 } });
  expect((await people(other).refresh(refreshToken)).status).toBe(401);
  await other.close();
});
