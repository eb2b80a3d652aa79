import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Actor } from '../engine/actor.ts';
import { Pokes } from '../engine/pokes.ts';
import { EventStreams } from './events.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const actor = (id: string): Actor => ({ tenant: 'pennco', id, role: 'agent', claims: {} });
const all = [{ prefix: '' }];

function streams(given: Partial<ConstructorParameters<typeof EventStreams>[1]> = {}) {
  const pokes = new Pokes();
  const open = new EventStreams(pokes, { streams: 100, streamsPerActor: 2, streamStuckMs: 60_000, ...given }, () => 0);
  const cuts: string[] = [];
  const start = (id = 'a01', lifetimeMs = 3_600_000, stillGood?: () => Promise<boolean>) =>
    open.stream({ actor: actor(id), readable: all, lifetimeMs, stillGood, cut: () => cuts.push(id) });
  const poke = (...scopes: [string, number][]) => pokes.publish('pennco', new Map(scopes));
  return { open, pokes, start, poke, cuts };
}

/** A reader that takes an event when it is told to. */
function readerOf(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader();
  const next = async () => new TextDecoder().decode((await reader.read()).value);
  return { next, hangUp: () => reader.cancel() };
}

test('a reader that takes nothing keeps only the newest', async () => {
  const { start, poke } = streams();
  const { next } = readerOf(start());
  expect(await next()).toBe(': connected\n\n');
  poke(['s1', 1]);
  for (let version = 2; version <= 1000; version++) poke(['s1', version], ['s2', version]);
  expect(await next()).toBe('event: poke\ndata: {"scopes":{"s1":1}}\n\n');
  expect(await next()).toBe('event: poke\ndata: {"scopes":{"s1":1000,"s2":1000}}\n\n');
});

test('a poke names a bounded number of scopes, those it had first with their newest version', async () => {
  const { start, poke } = streams();
  const { next } = readerOf(start());
  for (let at = 0; at < 5000; at++) poke([`scope-${at}`, 1]);
  poke(['scope-7', 2]);
  await next();
  const { scopes } = JSON.parse((await next()).split('data: ')[1] ?? '');
  expect(Object.keys(scopes)).toHaveLength(1000);
  expect(scopes['scope-7']).toBe(2);
});

test('who takes nothing for too long is cut off, who reads is not', async () => {
  const { open, start, poke, cuts } = streams();
  const stuck = start('stuck');
  const { next } = readerOf(start('reads'));
  await next();
  for (let second = 0; second < 70; second++) {
    poke(['s1', second + 1]);
    expect(await next()).toContain(`{"s1":${second + 1}}`);
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(cuts).toEqual(['stuck']);
  expect(open.open).toBe(1);
  expect(stuck.locked).toBe(false);
});

test('one timer for all, and none without streams', async () => {
  const { start } = streams({ streamsPerActor: 100 });
  const readers = Array.from({ length: 50 }, () => readerOf(start()));
  for (const { next } of readers) await next();
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(25_000);
  for (const { next } of readers) expect(await next()).toBe(': still here\n\n');
  for (const { hangUp } of readers) await hangUp();
  expect(vi.getTimerCount()).toBe(0);
});

test('a line that is quiet is kept open, one on which pokes go needs nothing more', async () => {
  const { start, poke } = streams();
  const { next } = readerOf(start());
  await next();
  await vi.advanceTimersByTimeAsync(20_000);
  poke(['s1', 1]);
  expect(await next()).toContain('poke');
  await vi.advanceTimersByTimeAsync(20_000);
  poke(['s1', 2]);
  expect(await next()).toContain('poke');
  await vi.advanceTimersByTimeAsync(25_000);
  expect(await next()).toBe(': still here\n\n');
});

test('ends when the token does', async () => {
  const { open, start } = streams();
  const { next } = readerOf(start('a01', 5000));
  await next();
  const last = next();
  await vi.advanceTimersByTimeAsync(4000);
  expect(open.open).toBe(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await last).toBe('');
  expect(open.open).toBe(0);
});

test('ends within a second when the token is believed no more; not when nobody can say, and nobody is asked twice at once', async () => {
  const { open, start, poke } = streams();
  let answer: () => Promise<boolean> = () => Promise.resolve(true);
  let asked = 0;
  const { next } = readerOf(start('a01', 3_600_000, () => (asked++, answer())));
  await next();
  await vi.advanceTimersByTimeAsync(3000);
  expect([asked, open.open]).toEqual([3, 1]);
  answer = () => Promise.reject(new Error('the database is away'));
  await vi.advanceTimersByTimeAsync(3000);
  expect([asked, open.open]).toEqual([6, 1]);
  let say = (_: boolean) => {};
  answer = () => new Promise((resolve) => (say = resolve));
  await vi.advanceTimersByTimeAsync(3000);
  expect([asked, open.open]).toEqual([7, 1]);
  const last = next();
  say(false);
  expect(await last).toBe('');
  expect(open.open).toBe(0);
  poke(['s1', 1]);
});

test('one stream too many of an actor ends its oldest; one too many of the node is refused', async () => {
  const { open, start } = streams({ streams: 4 });
  const first = readerOf(start('a01'));
  start('a01');
  start('a02');
  await first.next();
  start('a01');
  expect(await first.next()).toBe('');
  expect(open.open).toBe(3);
  start('a03');
  expect(() => start('a04')).toThrow(expect.objectContaining({ code: 'overloaded' }));
});

test('a server that goes says when to come back, and takes no more', async () => {
  const { open, start, poke } = streams();
  const { next } = readerOf(start());
  await next();
  poke(['s1', 1]);
  open.end();
  expect(await next()).toContain('poke');
  expect(await next()).toBe('retry: 1000\n\n');
  expect(await next()).toBe('');
  expect(() => start('a02')).toThrow(expect.objectContaining({ code: 'unavailable' }));
});
