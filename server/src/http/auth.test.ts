import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, expect, test, vi } from 'vitest';
import { jwtAuth } from './auth.ts';

const servers: ReturnType<typeof createServer>[] = [];

afterEach(() => {
  vi.useRealTimers();
  for (const server of servers.splice(0)) server.close();
});

/** An identity provider that answers so; gives where its keys are. */
async function provider(status: number, body: unknown, asked = () => {}): Promise<string> {
  const server = createServer((_, response) => {
    asked();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
}

const { privateKey, publicKey } = await generateKeyPair('ES256');
const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' };

function bearer(kid: string, key = privateKey): Promise<Request> {
  return new SignJWT({ tenant: 'pennco', role: 'agent' })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setSubject('a17')
    .setAudience('ekbaar')
    .setExpirationTime('1h')
    .sign(key)
    .then((token) => new Request('http://127.0.0.1/', { headers: { authorization: `Bearer ${token}` } }));
}

test('a token signed with a key of the provider', async () => {
  const authenticate = jwtAuth({ jwksUrl: await provider(200, { keys: [jwk] }) });
  expect((await authenticate(await bearer('k1'))).actor).toMatchObject({ tenant: 'pennco', id: 'a17', role: 'agent' });
});

test('an unknown key or a wrong signature is the token’s fault', async () => {
  const authenticate = jwtAuth({ jwksUrl: await provider(200, { keys: [jwk] }) });
  await expect(authenticate(await bearer('k2'))).rejects.toMatchObject({ code: 'unauthenticated' });
  const stranger = await generateKeyPair('ES256');
  await expect(authenticate(await bearer('k1', stranger.privateKey))).rejects.toMatchObject({
    code: 'unauthenticated',
  });
});

test('a key that the provider has just made counts after a second; forged ones make a node ask no more often', async () => {
  // On a slow machine, the forged ones take longer than a second.
  vi.useFakeTimers({ toFake: ['Date'] });
  let fetches = 0;
  const body = { keys: [jwk] };
  const authenticate = jwtAuth({ jwksUrl: await provider(200, body, () => fetches++) });
  await authenticate(await bearer('k1'));
  const next = await generateKeyPair('ES256');
  body.keys = [{ ...(await exportJWK(next.publicKey)), kid: 'k2', alg: 'ES256' }];
  const forged = async () => {
    for (let n = 0; n < 20; n++)
      await expect(authenticate(await bearer(`forged ${n}`))).rejects.toMatchObject({ code: 'unauthenticated' });
  };
  await forged();
  expect(fetches).toBe(1);
  vi.setSystemTime(Date.now() + 1100);
  expect((await authenticate(await bearer('k2', next.privateKey))).actor.id).toBe('a17');
  await forged();
  expect(fetches).toBe(2);
});

test('a provider that is away is nobody’s fault: phones must keep their tokens', async () => {
  await expect(jwtAuth({ jwksUrl: await provider(503, {}) })(await bearer('k1'))).rejects.toMatchObject({
    code: 'unavailable',
  });
  await expect(jwtAuth({ jwksUrl: 'http://127.0.0.1:1/jwks' })(await bearer('k1'))).rejects.toMatchObject({
    code: 'unavailable',
  });
});
