import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { mutation } from './device.ts';
import { problemIn } from './problem.ts';

let ekbaar: FieldOps;
let agent: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  agent = await ekbaar.token('a01', 'agent');
});
afterAll(() => ekbaar.close());

const MiB = 1024 * 1024;
const request = (over: Record<string, unknown> = {}) => ({
  ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date().toISOString(), model: 1 },
  ...{ clientId: crypto.randomUUID(), mutations: [], ...over },
});
const send = (body: unknown, headers: Record<string, string> = {}) => ekbaar.post('/v1/sync', agent, body, headers);
const gzip = { 'content-encoding': 'gzip' };
/** A request of so many bytes, to the byte. */
const sized = (bytes: number) => {
  const body = JSON.stringify(request({ padding: '' }));
  return body.replace('"padding":""', `"padding":"${'x'.repeat(bytes - body.length)}"`);
};

describe('413 too_large', () => {
  test('a mebibyte is taken, a byte more is not', async () => {
    expect((await send(sized(MiB))).status).toBe(200);
    expect(problemIn(await send(sized(MiB + 1))).code).toBe('too_large');
  });

  test('five mebibytes', async () => {
    expect(problemIn(await send('x'.repeat(5 * MiB))).code).toBe('too_large');
  });

  test('a gzip bomb: 64 MiB in 64 KiB', async () => {
    expect(problemIn(await send(gzipSync(Buffer.alloc(64 * MiB, ' ')), gzip)).code).toBe('too_large');
  });

  test('the limit is that of the unpacked body', async () => {
    expect((await send(gzipSync(sized(MiB)), gzip)).status).toBe(200);
    expect(problemIn(await send(gzipSync(sized(MiB + 1)), gzip)).code).toBe('too_large');
  });

  test('the mutation routes have the same limit', async () => {
    const key = { 'idempotency-key': crypto.randomUUID() };
    expect(problemIn(await ekbaar.post('/v1/mutations/failDelivery', agent, sized(MiB + 1), key)).code).toBe(
      'too_large',
    );
  });

  test.each([
    ['too large', 2 * MiB, 413],
    ['far too large', 12 * MiB, 413],
    ['too large and without a good token', 2 * MiB, 401],
  ])('%s: the line is good for the next request', async (_, bytes, status) => {
    const answer = await ekbaar.post('/v1/sync', status === 401 ? 'none' : agent, 'x'.repeat(bytes));
    expect(answer.status).toBe(status);
    expect((await send(request())).status).toBe(200);
  });
});

describe('415 unsupported_encoding', () => {
  test.each(['br', 'deflate', 'zstd', 'gzip, gzip'])('%s', async (encoding) => {
    const body = brotliCompressSync(JSON.stringify(request()));
    expect(problemIn(await send(body, { 'content-encoding': encoding })).code).toBe('unsupported_encoding');
  });

  test('identity, nothing, and GZIP in capitals, are understood', async () => {
    for (const none of ['identity', '', ' ']) {
      expect((await send(request(), { 'content-encoding': none })).status).toBe(200);
    }
    expect((await send(gzipSync(JSON.stringify(request())), { 'content-encoding': 'GZIP' })).status).toBe(200);
  });
});

describe('400 malformed', () => {
  test.each(['', '{', 'null', '[]', '5', '"text"', '{"protocol":1}', '{}{}', "{'protocol':1}"])(
    'the body %j',
    async (body) => {
      expect(problemIn(await send(body)).code).toBe('malformed');
    },
  );

  test.each([
    ['another protocol', { protocol: 2 }],
    ['a request id that is no UUID', { request: '7' }],
    ['no clock', { sentAt: 'now' }],
    ['a clock without a zone', { sentAt: '2026-11-22T10:00:00' }],
    ['model 0', { model: 0 }],
    ['a client id that is too short', { clientId: 'c_1' }],
    ['a client id that is too long', { clientId: 'c'.repeat(65) }],
    ['a client id with other characters', { clientId: 'client/../../x' }],
    ['no list of mutations', { mutations: {} }],
    ['ack below 0', { ack: -1 }],
    ['a number for a cursor', { cursor: 5 }],
    ['diverged that is no list', { diverged: 'agent:a01' }],
    ['too many diverged', { diverged: Array.from({ length: 1001 }, (_, at) => `agent:${at}`) }],
    ['mutation 0', { mutations: [mutation(0, { name: '$skip' })] }],
    ['mutation 1.5', { mutations: [mutation(1.5, { name: '$skip' })] }],
    ['mutation 2^53', { mutations: [mutation(2 ** 53, { name: '$skip' })] }],
    ['a key that is no UUID', { mutations: [mutation(1, { name: '$skip', key: '7' })] }],
    ['a mutation without a name', { mutations: [mutation(1, { name: '' })] }],
    ['a name without end', { mutations: [mutation(1, { name: 'n'.repeat(65) })] }],
    ['a mutation without args', { mutations: [{ ...mutation(1, { name: '$skip' }), args: undefined }] }],
    ['a mutation without a time', { mutations: [mutation(1, { name: '$skip', at: 'noon' })] }],
    ['the year 0', { mutations: [mutation(1, { name: '$skip', at: '0000-01-01T00:00:00Z' })] }],
    ['a status that nobody knows', { mutations: [{ ...mutation(1, { name: '$skip' }), receipt: { status: 'done' } }] }],
  ])('%s: with the place', async (_, over) => {
    const problem = problemIn(await send(request(over)));
    expect(problem.code).toBe('malformed');
    expect(problem.issues?.[0]?.path).toContain(Object.keys(over)[0]);
  });

  test('the largest numbers that the protocol has are no failure of the server', async () => {
    const most = Number.MAX_SAFE_INTEGER;
    const answer = await send(
      request({ model: most, limit: most, mutations: [mutation(most, { name: '$skip', model: most })] }),
    );
    expect(answer.body).toMatchObject({ stopped: { code: 'gap', expected: 1 } });
    expect((await send(request({ model: most, ack: most }))).body).toMatchObject({
      stopped: { code: 'gap', expected: 1 },
    });
    expect((await send(request({ model: most }))).body).toMatchObject({ stopped: null });
  });

  test('not UTF-8', async () => {
    expect(problemIn(await send(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]))).code).toBe('malformed');
  });

  test('gzip that is none, and gzip that breaks off', async () => {
    expect(problemIn(await send(JSON.stringify(request()), gzip)).code).toBe('malformed');
    expect(problemIn(await send(gzipSync(JSON.stringify(request())).subarray(0, 60), gzip)).code).toBe('malformed');
  });

  test.each([
    ['64 levels are read', 60, 200],
    ['100 are not', 100, 400],
    ['nor are 400,000', 400_000, 400],
  ])('%s', async (_, depth, status) => {
    const body = JSON.stringify(request({ padding: '?' })).replace('"?"', '['.repeat(depth) + ']'.repeat(depth));
    expect((await send(body)).status).toBe(status);
  });

  test('brackets in a text are no depth', async () => {
    expect((await send(request({ padding: '[{"\\'.repeat(5000) }))).status).toBe(200);
  });

  test.each([
    ['quotes that never end', '"' + '\\"'.repeat(500_000)],
    ['one long text', `"${'x'.repeat(1_000_000)}"`],
    ['a text that never ends', `"${'x'.repeat(1_000_000)}`],
    ['nothing but quotes', '"'.repeat(1_000_001)],
    ['nothing but backslashes', '\\'.repeat(1_000_000)],
  ])('a mebibyte made to be slow to read, %s, keeps nobody waiting', async (_, body) => {
    const before = performance.now();
    expect(problemIn(await send(body)).code).toBe('malformed');
    expect(performance.now() - before).toBeLessThan(3000);
  });

  test('what came with a malformed request is not taken', async () => {
    const clientId = crypto.randomUUID();
    const good = mutation(1, { name: '$skip' });
    expect(problemIn(await send(request({ clientId, mutations: [good, { ...good, id: -1 }] }))).code).toBe('malformed');
    expect((await ekbaar.sync(agent, { clientId })).delta.lastMutationId).toBe(0);
  });
});

test('a browser’s preflight is answered for every origin', async () => {
  const answer = await fetch(`${ekbaar.url}/v1/sync`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,content-encoding,idempotency-key',
    },
  });
  expect(answer.ok).toBe(true);
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(answer.headers.get('access-control-allow-headers')).toContain('authorization');
});
