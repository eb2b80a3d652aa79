import { afterEach, beforeEach, expect, test } from 'vitest';
import { idle } from '../testing/fake-clock.ts';
import { type Fault, json } from '../testing/fake-server.ts';
import { World } from '../testing/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const confirmD1 = ['confirm', { deliveryId: 'd1', amountPaise: 100 }] as const;

test('an expired token is renewed once, and the queue goes on', async () => {
  const asked: string[] = [];
  const client = await world.synced({
    token: (why) => {
      asked.push(why);
      return world.server.validToken;
    },
  });
  world.server.validToken = 'newer';
  await client.mutate(...confirmD1);
  await world.settle(client);
  expect(asked).toEqual(['first', 'expired']);
  expect(client.status.get()).toMatchObject({ needsToken: false, lastError: null });
});

test('without a token sending pauses, says so, and loses nothing', async () => {
  let token = '';
  const client = await world.client({
    token: () => {
      if (!token) throw new Error('signed out');
      return token;
    },
  });
  await client.mutate(...confirmD1);
  await world.clock.until(() => client.status.get().needsToken);
  token = 'wrong';
  await expect(client.sync()).rejects.toMatchObject({ code: 'needs_token' });
  expect(client.status.get()).toMatchObject({ needsToken: true, pending: 1 });
  token = world.server.validToken;
  await client.sync();
  expect(client.status.get()).toMatchObject({ needsToken: false, pending: 0 });
});

/** A token as identity providers write it, whose signature nobody here looks at. */
const jwt = (claims: object) =>
  ['{}', JSON.stringify(claims), ''].map((part) => Buffer.from(part).toString('base64url')).join('.');

test('nothing is sent with the token of somebody else, whose session the app has by now', async () => {
  let token = jwt({ sub: 'a2', tenant: 'pennco' });
  const client = await world.client({ token: () => token });
  const { key } = await client.mutate('note', { text: 'mine' });
  const refused = (whose: string) => ({ code: 'needs_token', message: expect.stringContaining(whose) as string });
  await expect(client.sync()).rejects.toMatchObject(refused('a2'));
  token = jwt({ sub: 'a1', tenant: 'vishi' });
  await expect(client.sync()).rejects.toMatchObject(refused('vishi'));
  expect(world.server.requests).toEqual([]);
  expect(client.status.get()).toMatchObject({ needsToken: true, pending: 1 });
  world.server.validToken = token = jwt({ sub: 'a1', tenant: 'pennco', name: 'आशा' });
  await client.sync();
  expect(world.server.applied.get(key)).toBe(1);
});

test.for([undefined, '', ' ', 'a\nb', 'a\0', 'टोकन', 17])(
  'what token() gave is named when it is no token: %j',
  async (given) => {
    const client = await world.client({ token: () => given as never });
    await expect(client.sync()).rejects.toMatchObject({
      code: 'needs_token',
      recovery: 'token',
      message: expect.stringContaining('token()') as string,
    });
    expect(client.status.get()).toMatchObject({ needsToken: true, lastError: { code: 'needs_token' } });
    expect(world.server.requests).toEqual([]);
  },
);

/** What stands before the server says 401 in its own words, whatever the server's were. */
const gateway: Fault = async (_request, handle) => {
  const response = await handle();
  return response.status === 401 ? json({ message: 'Unauthorized' }, 401) : response;
};

test('a gateway’s 401 asks the app for another token too', async () => {
  const asked: string[] = [];
  const client = await world.synced({
    token: (why) => {
      asked.push(why);
      return world.server.validToken;
    },
  });
  world.server.validToken = 'newer';
  world.server.faults.push(gateway);
  await client.mutate(...confirmD1);
  await world.settle(client);
  expect(asked).toEqual(['first', 'expired']);
});

test('a portal’s 401 asks for a token once in each try, and does not sign anybody out', async () => {
  let asked = 0;
  const client = await world.synced({
    token: (why) => {
      asked += 1;
      if (why === 'expired') throw new Error('no line to the sign-in either');
      return world.server.validToken;
    },
  });
  const html: Fault = async () => new Response('<html>Log in to the Wi-Fi</html>', { status: 401 });
  world.server.faults.push(html, html, html, html);
  await client.mutate(...confirmD1);
  await world.clock.until(() => world.server.faults.length === 0);
  await idle();
  expect(client.status.get()).toMatchObject({ needsToken: false, lastError: { code: 'not_an_answer' } });
  expect(asked).toBe(3);
  await world.settle(client);
});
