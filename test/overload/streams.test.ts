import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { head, type RawLine, rawLine } from './raw-line.ts';

const patience = { timeout: 20_000 };

const readers = 500;
const stuckReaders = 20;
const pokes = 100_000;
const mebibyte = 1024 * 1024;

let ekbaar: FieldOps;
const lines: RawLine[] = [];

beforeAll(async () => {
  const limits = { streamsPerActor: readers, streamStuckMs: 3000, pendingBytes: 1024 * mebibyte };
  ekbaar = await startFieldOps({ demo: { agents: 1, deliveries: 1 }, limits });
});
afterAll(async () => {
  for (const { socket } of lines) socket.destroy();
  await ekbaar.close();
});

/** An event stream of ops; `text` holds the last that came. */
async function openStream(token: string) {
  const line = await rawLine(Number(new URL(ekbaar.url).port));
  lines.push(line);
  const seen = { text: '', bytes: 0 };
  line.socket.on('data', (chunk) => {
    seen.bytes += chunk.length;
    seen.text = (seen.text + chunk.toString()).slice(-20_000);
  });
  line.socket.write(`${head('GET', '/v1/events', token)}\r\n`);
  await expect.poll(() => seen.text, patience).toContain(': connected');
  return { line, seen };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

test('500 readers have every newest version while others take nothing of 100,000 pokes', async () => {
  const token = await ekbaar.token('ops', 'ops');
  const good = await Promise.all(Array.from({ length: readers }, () => openStream(token)));
  const stuck = [];
  for (let at = 0; at < stuckReaders; at++) {
    // Ops of a tenant of their own, which is the one with the storm of pokes.
    const reader = await openStream(await ekbaar.token(`stuck-${at}`, 'ops', 'vishi'));
    reader.line.socket.pause();
    stuck.push(reader);
  }
  const fast = await openStream(await ekbaar.token('fast', 'ops', 'vishi'));

  // Each names 20 scopes, some 2 KiB: 200 MiB for every reader that would be kept all of them.
  const scopes = Array.from({ length: 20 }, (_, at) => `region:${String(at).padEnd(80, 'x')}`);
  const before = process.memoryUsage().rss;
  let most = before;
  for (let version = 1; version <= pokes; version++) {
    ekbaar.server.engine.pokes.publish('vishi', new Map(scopes.map((scope) => [scope, version])));
    if (version % 100 !== 0) continue;
    if (version % 10_000 === 0) ekbaar.server.engine.pokes.publish('pennco', new Map([['region:all', version]]));
    await tick();
    most = Math.max(most, process.memoryUsage().rss);
  }
  await expect.poll(() => fast.seen.text, { timeout: 20_000 }).toContain(`:${pokes}}`);
  await expect
    .poll(() => good.filter(({ seen }) => seen.text.includes(`{"region:all":${pokes}}`)).length, { timeout: 20_000 })
    .toBe(readers);
  const grown = Math.round((most - before) / mebibyte);
  const shares = `a stuck reader was sent ${Math.round((stuck[0]?.line.socket.bytesRead ?? 0) / 1024)} KiB`;
  console.log(
    `${pokes} pokes: ${grown} MiB more; the fast one took ${Math.round(fast.seen.bytes / mebibyte)} MiB, ${shares}`,
  );
  // 20 stuck readers would hold 4 GiB.
  expect(grown).toBeLessThan(400);

  // Who takes nothing is cut off, and would only hear of it by reading; who reads stays.
  const open = async () => {
    const { text } = await ekbaar.get('/metrics', null);
    return Number(/^ekbaar_event_streams (\d+)/m.exec(text)?.[1]);
  };
  await expect.poll(open, patience).toBe(readers + 1);
  for (const { line } of stuck) line.socket.resume();
  for (const { line } of stuck) await line.ended;
  expect(fast.line.socket.destroyed).toBe(false);
  expect(good.some(({ line }) => line.socket.destroyed)).toBe(false);
}, 120_000);
