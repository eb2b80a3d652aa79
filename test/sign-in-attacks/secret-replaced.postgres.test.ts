import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { good, people, pin, refusal } from '../sign-in/people.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import type { HttpAnswer } from '../support/http-client.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

let database: FreshDatabase;
let fieldOps: FieldOps;
let pg: postgres.Sql;

beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url, demo: { agents: 8, deliveries: 8 } });
  pg = postgres(database.url, { max: 1, onnotice: () => {} });
});
afterAll(async () => {
  await pg.end();
  await fieldOps.close();
  await database.drop();
});

type Change = (tx: postgres.TransactionSql) => Promise<unknown>;

/**
 * Has somebody ask while a change of their account is written and not yet committed: they compare with the old secret, and
 * come to their session when it is another one.
 */
async function during(change: Change, ask: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  let asked: Promise<HttpAnswer> | undefined;
  await pg.begin(async (tx) => {
    await change(tx);
    let answered = false;
    asked = ask().finally(() => (answered = true));
    const stuck = () => tx`select from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))`;
    await expect.poll(async () => answered || (await stuck()).length > 0, { interval: 20 }).toBe(true);
  });
  if (asked === undefined) throw new Error('nobody asked');
  return asked;
}

const secretIsAnother =
  (id: string): Change =>
  (tx) =>
    tx`update accounts set secret_hash = (select secret_hash from accounts where tenant = 'pennco' and id = 'ops')
     where tenant = 'pennco' and id = ${id}`;
const named =
  (id: string): Change =>
  (tx) =>
    tx`update accounts set name = 'Renamed' where tenant = 'pennco' and id = ${id}`;

test('who signs in with the old PIN while it is replaced gets no session', async () => {
  const { signIn } = people(fieldOps);
  const answer = await during(secretIsAnother('a01'), () => signIn('a01', pin));
  expect(refusal(answer)).toEqual([401, 'unauthenticated']);
  const closed: Change = (tx) => tx`update accounts set active = false where tenant = 'pennco' and id = 'a02'`;
  expect(refusal(await during(closed, () => signIn('a02', pin)))).toEqual([401, 'unauthenticated']);
  expect(await fieldOps.query(sql`select account_id from sessions where account_id in ('a01', 'a02')`)).toEqual([]);
  const [audit] = await fieldOps.query(sql`select event from identity_audit where subject = 'a01'`);
  expect(audit).toEqual({ event: 'refused' });
  // The control: another change of the account is none of the secret's, and the token says what is true now.
  const renamed = await during(named('a03'), () => signIn('a03', pin));
  expect(renamed.body).toMatchObject({ account: { name: 'Renamed' } });
});

test('nor a code for choosing another PIN, where it was good for that only', async () => {
  const { signIn } = people(fieldOps);
  await fieldOps.query(sql`update accounts set must_reset = true where tenant = 'pennco' and id in ('a04', 'a05')`);
  const answer = await during(secretIsAnother('a04'), () => signIn('a04', pin));
  expect(refusal(answer)).toEqual([401, 'unauthenticated']);
  expect(await fieldOps.query(sql`select account_id from reset_codes where account_id = 'a04'`)).toEqual([]);
  expect((await during(named('a05'), () => signIn('a05', pin))).body).toMatchObject({ mustReset: true });
});

test('nor does one change the new PIN back by the old one', async () => {
  const change = async (id: string) => {
    const { token } = await people(fieldOps).agent(id);
    return () => fieldOps.post('/auth/password', token, { old: pin, secret: '604713' });
  };
  expect(refusal(await during(secretIsAnother('a06'), await change('a06')))).toEqual([403, 'forbidden']);
  expect((await during(named('a07'), await change('a07'))).status).toBe(200);
});

test('sign-ins beside a reset: none of the old PIN goes on after it, and none waits for the other for good', async () => {
  const { signIn, refresh, ops } = people(fieldOps);
  const { token } = await ops();
  let old = pin;
  for (const after of [0, 10, 20, 30, 40, 60]) {
    const next = old === pin ? '604713' : pin;
    const issued = await fieldOps.post('/auth/accounts/a08/reset-code', token, { deliver: 'show' });
    const { code } = issued.body as { code: string };
    const reset = fieldOps.post('/auth/reset', null, { tenant: 'pennco', login: 'a08', code, secret: next });
    await new Promise((resolve) => setTimeout(resolve, after));
    const answers = await Promise.all([1, 2, 3].map(() => signIn('a08', old)));
    expect((await reset).status).toBe(200);
    for (const { status } of answers) expect([200, 401]).toContain(status);
    const sessions = answers.filter(({ status }) => status === 200).map(good);
    for (const { refreshToken } of sessions) expect((await refresh(refreshToken)).status).toBe(401);
    old = next;
  }
});

test('of codes that are issued at the same moment only one is good', async () => {
  const { token } = await people(fieldOps).ops();
  const issued = await Promise.all(
    Array.from({ length: 8 }, () => fieldOps.post('/auth/accounts/a06/reset-code', token, { deliver: 'show' })),
  );
  expect(issued.map(({ status }) => status)).toEqual(issued.map(() => 200));
  const codes = await fieldOps.query(sql`select from reset_codes where account_id = 'a06' and used_at is null`);
  expect(codes).toHaveLength(1);
});
