import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BadNetwork, type Fault, startBadNetwork } from './bad-network.ts';
import { randomFaults } from './random-faults.ts';

const GREETING = 'नमस्ते '.repeat(200);

let network: BadNetwork;
let target: Server;
let seen: string[];
let streams: ServerResponse[];

beforeEach(async () => {
  seen = [];
  streams = [];
  target = createServer((request, response) => void answer(request, response));
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  network = await startBadNetwork({ target: { host: '127.0.0.1', port: portOf() }, random: () => 0.5 });
});

function portOf(): number {
  const address = target.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

afterEach(async () => {
  await network.close();
  target.closeAllConnections();
  target.close();
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  seen.push(`${request.method} ${request.url} ${body}`);
  if (request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
    streams.push(response);
    return;
  }
  if (request.url === '/reset') {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('the beginning');
    setTimeout(() => response.socket?.resetAndDestroy(), 50);
    return;
  }
  if (request.url === '/empty') return void response.writeHead(204).end();
  // Without content-length: Node sends it chunked.
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.write(`${seen.length} `);
  response.end(GREETING);
}

const always = (fault: Fault) => () => fault;
const post = (body = 'hello') => fetch(`${network.url}/sync`, { method: 'POST', body });
const hanging = () => fetch(`${network.url}/sync`, { signal: AbortSignal.timeout(200) });

describe('a request that the line lets through', () => {
  test('is a dead line when the target resets in the middle of its answer', async () => {
    await expect(fetch(`${network.url}/reset`)).rejects.toThrow('fetch failed');
    expect(await (await post()).text()).toContain(GREETING);
  });

  test('comes back as the target answered it', async () => {
    const response = await post('body of the request');
    expect(await response.text()).toBe(`1 ${GREETING}`);
    expect(seen).toEqual(['POST /sync body of the request']);
    expect((await fetch(`${network.url}/empty`)).status).toBe(204);
    expect((await fetch(`${network.url}/sync`, { method: 'HEAD' })).status).toBe(200);
    expect(network.counts.pass).toBe(3);
  });

  test('streams events while they come, and tells the target when the reader has gone', async () => {
    const response = await fetch(`${network.url}/events`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect(await reader?.read()).toEqual({ done: false, value: 'data: 1\n\n' });
    streams[0]?.write('data: 2\n\n');
    expect(await reader?.read()).toEqual({ done: false, value: 'data: 2\n\n' });
    const gone = streams[0] && once(streams[0], 'close');
    await reader?.cancel();
    await gone;
  });

  test('is slow when latency and bandwidth say so, and whole', async () => {
    network.rules.latencyMs = 10;
    network.rules.bytesPerSecond = 20_000;
    expect(await (await post()).text()).toBe(`1 ${GREETING}`);
  });
});

test('what the phone has installed does not go over the line; of all else each byte is counted', async () => {
  await network.close();
  const installed = { '/': { type: 'text/html', body: '<p>app</p>' } };
  network = await startBadNetwork({
    target: { host: '127.0.0.1', port: portOf() },
    random: () => 0.5,
    installed,
  });
  expect(await (await fetch(`${network.url}/`)).text()).toBe('<p>app</p>');
  expect([seen, network.bytes]).toEqual([[], { sent: 0, received: 0 }]);
  await (await post('x'.repeat(10_000))).text();
  expect(network.bytes.sent).toBeGreaterThan(10_100);
  expect(network.bytes.sent).toBeLessThan(10_500);
  const length = Buffer.byteLength(`1 ${GREETING}`);
  expect(network.bytes.received).toBeGreaterThan(length + 50);
  expect(network.bytes.received).toBeLessThan(length + 500);
});

describe('faults before the target has seen the request', () => {
  test.each(['drop-request', 'reset-request'] as const)('%s', async (kind) => {
    network.rules.decide = always({ kind });
    await expect(post()).rejects.toThrow('fetch failed');
    expect(seen).toEqual([]);
    expect(network.counts[kind]).toBe(1);
  });

  test('stall-request never answers', async () => {
    network.rules.decide = always({ kind: 'stall-request' });
    await expect(hanging()).rejects.toThrow('timeout');
    expect(seen).toEqual([]);
  });

  test('html is what a captive portal says', async () => {
    network.rules.decide = always({ kind: 'html' });
    const response = await post();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(seen).toEqual([]);
  });

  test('replay gives an earlier answer of the same path, and passes when there is none', async () => {
    network.rules.decide = always({ kind: 'replay' });
    expect(await (await post()).text()).toMatch(/^1 /);
    expect(await (await post()).text()).toMatch(/^1 /);
    expect(seen).toHaveLength(1);
    expect(network.counts).toMatchObject({ pass: 1, replay: 1 });
  });
});

describe('faults after the target has done its work', () => {
  test.each(['drop-answer', 'reset-answer'] as const)('%s', async (kind) => {
    network.rules.decide = always({ kind });
    await expect(post()).rejects.toThrow('fetch failed');
    expect(seen).toHaveLength(1);
  });

  test('cut closes in the middle of the answer', async () => {
    network.rules.decide = always({ kind: 'cut', afterBytes: 500 });
    const response = await post();
    await expect(response.text()).rejects.toThrow('terminated');
    expect(seen).toHaveLength(1);
  });

  test('cut may fall into the headers', async () => {
    network.rules.decide = always({ kind: 'cut', afterBytes: 10 });
    await expect(post()).rejects.toThrow('fetch failed');
  });

  test('cut-part closes after a part of the answer', async () => {
    network.rules.decide = always({ kind: 'cut-part', part: 0.5 });
    await expect((await post()).text()).rejects.toThrow('terminated');
    const half = network.bytes.received;
    network.rules.decide = always({ kind: 'pass' });
    await (await post()).text();
    expect(half / (network.bytes.received - half)).toBeCloseTo(0.5, 2);
  });

  test('stall-answer stops in the middle of the answer', async () => {
    network.rules.decide = always({ kind: 'stall-answer', afterBytes: 500 });
    const patience = new AbortController();
    const response = await fetch(`${network.url}/sync`, { signal: patience.signal });
    const text = response.text();
    setTimeout(() => patience.abort(new Error('timeout')), 200);
    await expect(text).rejects.toThrow('timeout');
    expect(seen).toHaveLength(1);
  });

  test('duplicate reaches the target twice', async () => {
    network.rules.decide = always({ kind: 'duplicate' });
    expect((await post()).status).toBe(200);
    expect(seen).toHaveLength(2);
  });

  test('a stream can be cut, and every connection be reset', async () => {
    network.rules.decide = always({ kind: 'cut', afterBytes: 200 });
    const cut = await fetch(`${network.url}/events`);
    for (let at = 0; at < 50; at++) streams[0]?.write('data: more of it\n\n');
    await expect(cut.text()).rejects.toThrow('terminated');

    network.rules.decide = always({ kind: 'pass' });
    const open = await fetch(`${network.url}/events`);
    network.resetConnections();
    await expect(open.text()).rejects.toThrow('terminated');
  });
});

test('a target that is down closes the line', async () => {
  target.closeAllConnections();
  target.close();
  await expect(post()).rejects.toThrow('fetch failed');
});

test('randomFaults keeps to the weights', () => {
  let step = 0;
  const decide = randomFaults(() => (step++ % 10) / 10, { pass: 5, cut: 5 });
  const request = { number: 1, method: 'GET', path: '/', headers: {}, body: Buffer.alloc(0) };
  expect(decide(request)).toEqual({ kind: 'pass' });
  step = 5;
  expect(decide(request)).toEqual({ kind: 'cut', afterBytes: Math.floor(0.6 * 1024) });
  expect(randomFaults(() => 0, {})(request)).toEqual({ kind: 'pass' });
});
