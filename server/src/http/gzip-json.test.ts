import { gunzipSync, gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { expect, test } from 'vitest';
import { gzipJson } from './gzip-json.ts';

const rows = { rows: Array.from({ length: 100 }, (_, at) => ({ id: `d${at}`, status: 'pending' })) };
const packed = gzipSync('{"packed":true}');

const app = new Hono();
app.use(compress());
app.use(gzipJson);
app.get('/rows', (c) => c.json(rows));
app.get('/problem', (c) => c.body(JSON.stringify(rows), 400, { 'Content-Type': 'application/problem+json' }));
app.get('/nothing', (c) => c.body(null, 204, { 'Content-Type': 'application/json' }));
app.get('/packed', (c) => c.body(packed, 200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }));
app.get('/text', (c) => c.text('x'.repeat(2000)));

const get = (path: string, accepted: string) => app.request(path, { headers: { 'accept-encoding': accepted } });
const unpacked = async (answer: Response) => gunzipSync(Buffer.from(await answer.arrayBuffer())).toString();

test.each(['/rows', '/problem'])('%s is compressed, and says that it depends on what is accepted', async (path) => {
  const answer = await get(path, 'br, gzip;q=0.8');
  expect(answer.headers.get('content-encoding')).toBe('gzip');
  expect(answer.headers.get('vary')).toBe('Accept-Encoding');
  expect(JSON.parse(await unpacked(answer))).toEqual(rows);
});

test.each(['identity', 'gzip;q=0'])('JSON stays as it is for who accepts %s', async (accepted) => {
  const answer = await get('/rows', accepted);
  expect(answer.headers.get('content-encoding')).toBeNull();
  expect(answer.headers.get('vary')).toBe('Accept-Encoding');
  expect(await answer.json()).toEqual(rows);
});

test('an answer without a body, and one that is compressed already, are left alone', async () => {
  const nothing = await get('/nothing', 'gzip');
  expect([nothing.status, nothing.headers.get('content-encoding')]).toEqual([204, null]);
  expect(await unpacked(await get('/packed', 'gzip'))).toBe('{"packed":true}');
});

test('what is no JSON is left to the streaming middleware', async () => {
  const answer = await get('/text', 'gzip');
  expect(answer.headers.get('content-encoding')).toBe('gzip');
  expect(await unpacked(answer)).toBe('x'.repeat(2000));
});
