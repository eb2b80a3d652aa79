import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { secret, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { httpClient } from '../support/http-client.ts';
import { freshDatabase } from '../support/postgres.ts';

test('with an identity provider’s keys and a secret, the keys alone count, and the log says so', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] });
  const provider = createServer((_, response) => response.setHeader('content-type', 'application/json').end(keys));
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  onTestFinished(() => void provider.close());
  const database = await freshDatabase();
  const server = await startFieldOpsProcess(await freePort(), {
    DATABASE_URL: database.url,
    EKBAAR_JWKS_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/jwks`,
    ...{ EKBAAR_SEED_AGENTS: '2', EKBAAR_SEED_DELIVERIES: '10' },
  });
  onTestFinished(async () => {
    await server.stop();
    await database.drop();
  });
  const { get, post } = httpClient(server.url);
  const pull = async (token: string) => (await get('/v1/pull', token)).status;

  const theirs = await new SignJWT({ tenant: 'pennco', role: 'agent' })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .setSubject('a01')
    .setAudience('ekbaar')
    .setExpirationTime('1h')
    .sign(privateKey);
  expect(await pull(theirs)).toBe(200);
  expect(await pull(await bearerTokens(secret)('a01', 'agent'))).toBe(401);
  // As with the keys alone: the provider signs people in.
  expect((await get('/auth', null)).body).toMatchObject({ signIn: 'provider', demo: null });
  expect((await post('/auth/sign-in', null, { tenant: 'pennco', login: 'a01', secret: '483920' })).status).toBe(404);
  expect((await get('/demo/accounts', null)).status).toBe(404);
  expect((await post('/demo/token', null, { tenant: 'pennco', id: 'a01' })).status).toBe(404);
  expect(server.output).toMatch(/"level":"warn".*EKBAAR_JWT_SECRET is not used/);
});
