import { afterAll, beforeAll, expect, test } from 'vitest';
import { password, refusal } from '../sign-in/people.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

let database: FreshDatabase;
let fieldOps: FieldOps;

beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url, demo: { agents: 2, deliveries: 2 } });
});
afterAll(async () => {
  await fieldOps.close();
  await database.drop();
});

const own = { 'X-Ekbaar-Console': '1' };
/** What a browser sends for the console's own page. */
const ownPage = () => ({ ...own, 'Sec-Fetch-Site': 'same-origin', Origin: fieldOps.url });
const office = { tenant: 'pennco', login: 'ops@pennco.example', secret: password, console: true };
const ask = (path: string, body: object, headers: Record<string, string>) =>
  fieldOps.server.app.request(`${fieldOps.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Host: new URL(fieldOps.url).host, ...headers },
    body: JSON.stringify(body),
  });

async function cookie(): Promise<string> {
  const answer = await ask('/auth/sign-in', office, ownPage());
  expect(answer.status).toBe(200);
  const set = answer.headers.get('Set-Cookie') ?? '';
  const body = await answer.json();
  // No script ever has it.
  expect(JSON.stringify(body)).not.toContain('refreshToken');
  expect(set).toMatch(/^ekbaar_session=[^;]+;/);
  return set;
}
const sent = (set: string) => ({ Cookie: set.split(';')[0] ?? '' });

test('the cookie goes to these routes only, over TLS but on this machine, and no script reads it', async () => {
  const set = await cookie();
  for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Path=/auth']) expect(set).toContain(attribute);
  expect(set).not.toContain('Secure');
  const elsewhere = await ask('/auth/sign-in', office, {
    ...own,
    Host: 'ops.example.org',
    Origin: 'https://ops.example.org',
    'Sec-Fetch-Site': 'same-origin',
  });
  expect(elsewhere.headers.get('Set-Cookie')).toContain('Secure');
});

test.each<[string, (url: string) => Record<string, string>]>([
  ['another site', () => ({ ...own, 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' })],
  ['a sister site', () => ({ ...own, 'Sec-Fetch-Site': 'same-site', Origin: 'https://forum.example.org' })],
  ['another site, in a browser that says less', () => ({ ...own, Origin: 'https://evil.example' })],
  ['a page without an origin', () => ({ ...own, Origin: 'null' })],
  ['a form, which sends no header of ours', (url) => ({ 'Sec-Fetch-Site': 'same-origin', Origin: url })],
])('%s neither signs in, nor renews, nor signs out with the console’s cookie', async (_, headers) => {
  const set = await cookie();
  const attempt = crypto.randomUUID();
  const foreign = { ...headers(fieldOps.url), ...sent(set) };
  for (const [path, body] of [
    ['/auth/sign-in', office],
    ['/auth/refresh', { attempt }],
    ['/auth/sign-out', {}],
  ] as const) {
    const answer = await ask(path, body, foreign);
    expect([path, answer.status, answer.headers.get('Set-Cookie')]).toEqual([path, 403, null]);
  }
  // The control: the cookie is still good, and the console's own page uses it.
  const renewed = await ask('/auth/refresh', { attempt }, { ...ownPage(), ...sent(set) });
  expect(renewed.status).toBe(200);
  const next = sent(renewed.headers.get('Set-Cookie') ?? '');
  expect((await ask('/auth/sign-out', {}, { ...ownPage(), ...next })).status).toBe(200);
  expect((await ask('/auth/refresh', { attempt: crypto.randomUUID() }, { ...ownPage(), ...next })).status).toBe(401);
});

test('a page of another site may not even ask with the cookie', async () => {
  const preflight = await fetch(`${fieldOps.url}/auth/refresh`, {
    method: 'OPTIONS',
    headers: {
      Origin: 'https://evil.example',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'content-type,x-ekbaar-console',
    },
  });
  // Browsers then send no cookie, and hand out no answer to a request that had one.
  expect(preflight.headers.get('Access-Control-Allow-Credentials')).toBeNull();
});

test('the cookie signs nothing of the engine’s: what changes something needs the token', async () => {
  const set = await cookie();
  for (const path of ['/v1/pull', '/v1/admin/receipts', '/auth/accounts'])
    expect(refusal(await fieldOps.get(path, null, sent(set)))).toEqual([401, 'unauthenticated']);
});
