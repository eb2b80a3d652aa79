import { openDatabase } from '@ekbaar/server';
import { fieldOpsServer } from '@ekbaar/field-ops/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addDelivery, confirm } from '../protocol/delivery.ts';
import { good, people, pin, refusal, type SignedIn } from '../sign-in/people.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { mutation } from '../protocol/device.ts';
import { openEvents } from '../protocol/event-stream.ts';

let database: FreshDatabase;
let fieldOps: FieldOps;

beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url, demo: { agents: 4, deliveries: 40 } });
});
afterAll(async () => {
  await fieldOps.close();
  await database.drop();
});

test('a stolen phone that was revoked while offline sends nothing, renews nothing and signs nobody in', async () => {
  const { signIn, refresh, ops } = people(fieldOps);
  const on = async (phone: string) => good(await signIn('a01', pin, { phone: { id: phone } }));
  const [stolen, other] = [await on('stolen-phone'), await on('other-phone')];
  const clientId = 'client-of-the-stolen-phone';
  await fieldOps.sync(stolen.token, { clientId });

  const { token } = await ops();
  const revoke = { why: 'stolen at the market' };
  expect((await fieldOps.post('/auth/phones/stolen-phone/revoke', token, revoke)).body).toEqual({ ended: 1 });

  // It comes back: what the thief confirmed does not count.
  const mutations = [mutation(1, confirm(await addDelivery(fieldOps)))];
  expect(refusal(await fieldOps.trySync(stolen.token, { clientId, mutations }))).toEqual([401, 'unauthenticated']);
  const renewal = await refresh(stolen.refreshToken);
  expect(refusal(renewal)).toEqual([403, 'forbidden']);
  expect(renewal.body).toMatchObject({ issues: [{ message: 'revoked' }] });
  for (const login of ['a01', 'a02'])
    expect(refusal(await signIn(login, pin, { phone: { id: 'stolen-phone' } }))).toEqual([403, 'forbidden']);
  // Who does not know the PIN does not learn that either.
  expect(refusal(await signIn('a01', '000000', { phone: { id: 'stolen-phone' } }))).toEqual([401, 'unauthenticated']);

  // The controls: the agent's other phone goes on, and the stolen one did, had it not been revoked.
  const sent = await fieldOps.sync(other.token, { clientId: 'client-of-the-other', mutations });
  expect(sent.receipts).toMatchObject([{ status: 'applied', replayed: false }]);
  expect((await fieldOps.post('/auth/phones/stolen-phone/restore', token, {})).body).toEqual({ restored: true });
  const found = await on('stolen-phone');
  expect(found.escrowKey).toBe(stolen.escrowKey);
  expect((await fieldOps.trySync(found.token, { clientId })).status).toBe(200);
});

test('its open event stream is ended, and the one of the other phone is not', async () => {
  const { signIn, ops } = people(fieldOps);
  const on = async (phone: string) => good(await signIn('a04', pin, { phone: { id: phone } }));
  const [stolen, other] = [await on('stolen-stream'), await on('other-stream')];
  const streams = [await openEvents(fieldOps.url, stolen.token), await openEvents(fieldOps.url, other.token)] as const;
  let ended = false;
  void streams[0].ended.then(() => (ended = true));
  const { token } = await ops();
  expect((await fieldOps.post('/auth/phones/stolen-stream/revoke', token, { why: 'stolen' })).body).toEqual({
    ended: 1,
  });
  await expect.poll(() => ended, { timeout: 20_000 }).toBe(true);
  // The control: the other one hears what comes.
  await fieldOps.sync(other.token, {
    mutations: [mutation(1, confirm(await addDelivery(fieldOps, { agentId: 'a04' })))],
  });
  await expect.poll(() => streams[1].pokes().length, { timeout: 20_000 }).toBeGreaterThan(0);
  expect(
    (await fetch(`${fieldOps.url}/v1/events`, { headers: { authorization: `Bearer ${stolen.token}` } })).status,
  ).toBe(401);
  for (const stream of streams) stream.close();
});

test('another node hears of it within its next look', async () => {
  const secret = 'the-secret-of-two-nodes-of-one-operation';
  const nodes = await Promise.all(
    [0, 1].map(async () => {
      const server = fieldOpsServer(
        await openDatabase({ url: database.url }),
        { secret },
        { signIn: { demo: true, proxies: 0 } },
      );
      await server.start();
      return server;
    }),
  );
  const [here, there] = nodes;
  if (here === undefined || there === undefined) throw new Error('there are two');
  const ask = (at: typeof here, path: string, token: string | null, body?: object) =>
    at.app.request(path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const signedIn = async (login: string, given: string, more = {}) => {
    const answer = await ask(here, '/auth/sign-in', null, { tenant: 'pennco', login, secret: given, ...more });
    return (await answer.json()) as SignedIn;
  };
  const stolen = await signedIn('a03', pin, { phone: { id: 'phone-three' } });
  const ops = await signedIn('ops@pennco.example', 'ek-baar-demo-2026');
  const pull = async () => (await ask(there, '/v1/pull?limit=1', stolen.token)).status;
  expect(await pull()).toBe(200);
  await ask(here, '/auth/phones/phone-three/revoke', ops.token, { why: 'lost' });
  await expect.poll(pull, { interval: 20 }).toBe(401);
  await Promise.all(nodes.map((node) => node.close()));
});
