import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { people, pin, refusal } from './people.ts';

const command = join(import.meta.dirname, '../../examples/field-ops/src/server/account.ts');

let database: FreshDatabase;
let fieldOps: FieldOps;

beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url, demo: { agents: 4, deliveries: 8 } });
});
afterAll(async () => {
  await fieldOps.close();
  await database.drop();
});

function setSecret(login: string, secret: string, ...more: string[]) {
  const args = [command, 'set-secret', '--tenant', 'pennco', '--login', login, ...more];
  const env = { ...process.env, DATABASE_URL: database.url };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { input: secret, env, encoding: 'utf8' });
  expect([status, stdout, stderr]).toEqual([0, `pennco: ${login} has a new secret\n`, '']);
}

test.each([
  ['a01', [], { account: { id: 'a01' } }],
  ['a02', ['--must-change'], { mustReset: true }],
])('a secret set by command puts out whoever is in, and lets in who was locked out: %s %j', async (id, more, then) => {
  const { agent, signIn, refresh, ops } = people(fieldOps);
  const { token } = await ops();
  const issued = await fieldOps.post(`/auth/accounts/${id}/reset-code`, token, { deliver: 'show' });
  const { code } = issued.body as { code: string };
  const [intruder, other] = [await agent(id), await agent('a04')];
  for (let guessed = 0; guessed < 5; guessed++) await signIn(id, '000000');
  await fieldOps.query(sql`update sign_in_tries set wait_until = '9999-12-31T00:00Z' where wait_until is not null`);
  expect((await signIn(id, pin)).body).toMatchObject({ issues: [{ message: 'locked' }] });

  setSecret(id, '604713', ...more);
  const mayPull = async (of: string) => (await fieldOps.get('/v1/pull?limit=1', of)).status;
  await expect.poll(() => mayPull(intruder.token), { timeout: 10_000 }).toBe(401);
  expect(refusal(await refresh(intruder.refreshToken))).toEqual([401, 'unauthenticated']);
  const reset = { tenant: 'pennco', login: id, code, secret: '604714' };
  expect(refusal(await fieldOps.post('/auth/reset', null, reset))).toEqual([401, 'unauthenticated']);
  const answer = await signIn(id, '604713');
  expect(answer.body).toMatchObject(then);
  // The control: nobody else is put out.
  expect(await mayPull(other.token)).toBe(200);
});
