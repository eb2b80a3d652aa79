import { randomBytes } from 'node:crypto';
import { deflateRawSync, gzipSync } from 'node:zlib';

const mebibyte = 1024 * 1024;

/** A request's body that was made to cost more than its length. */
export interface HostileBody {
  readonly name: string;
  /** Anew each time, so that mutations are not replayed. */
  readonly body: () => string | Buffer;
  /** What it is answered with: 200 to what is only odd. */
  readonly status: number;
  readonly headers?: Record<string, string>;
}

/** A whole `POST /v1/sync`, with what is given. */
export function syncBody(over: Record<string, unknown> = {}): string {
  return JSON.stringify({
    ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date().toISOString(), model: 1 },
    ...{ clientId: crypto.randomUUID(), mutations: [], ...over },
  });
}

/** A body with a field that nobody asked for, of this JSON text, cut to the limit of a body. */
function padded(json: string): string {
  const body = syncBody({ padding: '?' });
  return body.replace('"?"', () => json);
}

function repeated(part: (at: number) => string, bytes: number, separator = ','): string {
  const parts: string[] = [];
  for (let at = 0, size = 0; size < bytes; at++) {
    const next = part(at);
    parts.push(next);
    size += next.length + separator.length;
  }
  return parts.join(separator);
}

const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

const most = mebibyte - 2048;
const gzip = { 'content-encoding': 'gzip' };

/** A cursor of as many scopes as fit into `plainBytes` before it is deflated. */
export function hugeCursor(plainBytes: number, scope: (at: number) => string = (at) => `s${at}`): string {
  const scopes = repeated((at) => `${JSON.stringify(scope(at))}:1`, plainBytes);
  return deflateRawSync(Buffer.from(`{"h":"x","s":{${scopes}}}`)).toString('base64url');
}

/** A request with a cursor that is made once, when it is sent first: deflating some takes longer than all that the server does. */
function withCursor(make: () => string): () => string {
  let cursor: string | undefined;
  return () => syncBody({ cursor: (cursor ??= make()) });
}

const mutations = (count: number, draft: (at: number) => Record<string, unknown>) =>
  Array.from({ length: count }, (_, at) => ({
    ...{ id: at + 1, key: crypto.randomUUID(), at: new Date().toISOString(), model: 1, ...draft(at) },
  }));

/** Bodies of a mebibyte (or that unpack to more) that aim at the parser, the schemas, the hashing and the guards. */
export function hostileBodies(): HostileBody[] {
  const bomb = gzipSync(Buffer.alloc(64 * mebibyte, ' '));
  const members = Buffer.concat(times(20_000, gzipSync(' '.repeat(100))));
  const emptyMembers = Buffer.concat(times(50_000, gzipSync('')));
  const scope = (at: number) => `agent:${at}`.padEnd(190, 'x');
  return [
    { name: 'one number of a mebibyte', status: 200, body: () => padded('9'.repeat(most)) },
    { name: 'a fraction of a mebibyte', status: 200, body: () => padded(`0.${'1'.repeat(most)}`) },
    { name: 'an exponent of a mebibyte', status: 200, body: () => padded(`1e-${'9'.repeat(most)}`) },
    { name: 'distinct keys', status: 200, body: () => padded(`{${repeated((at) => `"k${at}":1`, most)}}`) },
    {
      name: 'keys that are numbers',
      status: 200,
      body: () => padded(`{${repeated((at) => `"${at * 65_536}":1`, most)}}`),
    },
    {
      name: 'keys that are multiples of 2^17 and small',
      status: 200,
      body: () => padded(`{${repeated((at) => `"${(at % 128) * 131_072 + (at >> 7)}":1`, most)}}`),
    },
    { name: 'one key again and again', status: 200, body: () => padded(`{${repeated(() => '"k":1', most)}}`) },
    {
      name: '__proto__ again and again',
      status: 200,
      body: () => padded(`{${repeated(() => '"__proto__":{"a":1}', most)}}`),
    },
    { name: 'empty objects', status: 200, body: () => padded(`[${repeated(() => '{}', most)}]`) },
    {
      name: 'arrays at the deepest level',
      status: 200,
      body: () => padded(`[${repeated(() => '['.repeat(60) + ']'.repeat(60), most)}]`),
    },
    { name: 'escapes', status: 200, body: () => padded(`"${'\\u0000'.repeat(Math.floor(most / 6))}"`) },
    { name: 'a bomb of 64 MiB', status: 413, body: () => bomb, headers: gzip },
    {
      name: 'a bomb of many members',
      status: 413,
      body: () => members,
      headers: gzip,
    },
    { name: 'a bomb in a bomb', status: 400, body: () => gzipSync(bomb), headers: gzip },
    {
      name: 'empty members',
      status: 400,
      body: () => emptyMembers,
      headers: gzip,
    },
    {
      name: 'noise that claims to be gzip',
      status: 400,
      body: () => Buffer.concat([gzipSync('').subarray(0, 10), randomBytes(most)]),
      headers: gzip,
    },
    { name: 'a cursor of 20,000 scopes', status: 200, body: withCursor(() => hugeCursor(190_000)) },
    { name: 'a cursor of 160,000 scopes', status: 400, body: withCursor(() => hugeCursor(1.7 * mebibyte)) },
    {
      name: 'a cursor of a million lists',
      status: 400,
      body: withCursor(() =>
        deflateRawSync(Buffer.from(`{"h":"x","s":{"a":[${times(1_300_000, '[]').join(',')}]}}`)).toString('base64url'),
      ),
    },
    {
      name: 'a cursor that unpacks to 4 MiB',
      status: 400,
      body: withCursor(() => hugeCursor(4 * mebibyte - 1000, scope)),
    },
    {
      name: 'a cursor that unpacks to 64 MiB',
      status: 400,
      body: withCursor(() => hugeCursor(64 * mebibyte, () => 'x'.repeat(200))),
    },
    {
      name: 'a cursor of noise',
      status: 400,
      body: withCursor(() => randomBytes(380 * 1024).toString('base64url')),
    },
    {
      name: '1,000 diverged scopes',
      status: 200,
      body: () => syncBody({ diverged: Array.from({ length: 1000 }, (_, at) => scope(at)) }),
    },
    {
      name: '100,000 diverged scopes',
      status: 400,
      body: () => syncBody({ diverged: Array.from({ length: 100_000 }, (_, at) => `s${at}`) }),
    },
    {
      name: '500 mutations with unknown names',
      status: 200,
      body: () =>
        syncBody({
          mutations: mutations(500, (at) => ({ name: `n${at}`.padEnd(64, 'x'), args: 'x'.repeat(1700) })),
        }),
    },
    {
      name: '500 mutations with 200 wrong keys each',
      status: 200,
      body: () =>
        syncBody({
          mutations: mutations(500, () => ({
            name: 'failDelivery',
            status: 200,
            args: Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`k${at}`, 1])),
          })),
        }),
    },
    {
      name: '500 mutations whose args are deep',
      status: 200,
      body: () =>
        syncBody({
          mutations: mutations(500, () => ({
            name: 'failDelivery',
            status: 200,
            args: JSON.parse('['.repeat(58) + ']'.repeat(58)),
          })),
        }),
    },
    {
      name: '200,000 mutations',
      status: 413,
      body: () => syncBody({ mutations: Array.from({ length: 200_000 }, () => ({})) }),
    },
    {
      name: '500 mutations that are none',
      status: 400,
      body: () =>
        syncBody({
          mutations: Array.from({ length: 500 }, () => ({
            ...Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`k${at}`, 1])),
          })),
        }),
    },
  ];
}
