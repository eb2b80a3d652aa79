import { expect, test } from 'vitest';
import type { Changes } from './changes.ts';
import type { Head } from './heads.ts';
import { SharedChanges } from './shared-changes.ts';
import type { Start } from './traversal.ts';

const head: Head = { scope: 'region:1', version: 7, rows: 3, checksum: '99', floor: 0 };
const start: Start = { scope: 'region:1', version: 5, collection: '', id: '', began: 4 };
const page = { history: 'h', heads: [head], starts: [start], limit: 10 };

function reader() {
  let now = 0;
  let reads = 0;
  const shared = new SharedChanges(() => now);
  const read = (): Promise<Changes> => Promise.resolve({ json: `[${++reads}]`, count: 1, open: undefined });
  const ask = async (given: Partial<typeof page> = {}, how = read) =>
    (await shared.take({ ...page, ...given, read: how })).json;
  return { ask, pass: (ms: number) => void (now += ms) };
}

test('readers of the same page read it once, those that come while it is read too', async () => {
  const { ask } = reader();
  expect(await Promise.all([ask(), ask(), ask()])).toEqual(['[1]', '[1]', '[1]']);
  expect(await ask()).toBe('[1]');
});

test.each<[string, Partial<typeof page>]>([
  ['a newer version', { heads: [{ ...head, version: 8 }] }],
  ['the same version of another history', { history: 'i' }],
  ['the same version with other rows', { heads: [{ ...head, checksum: '98' }] }],
  ['a smaller page', { limit: 9 }],
  ['another place', { starts: [{ ...start, version: 6 }] }],
  ['another place in a version', { starts: [{ ...start, collection: 'c', id: 'd' }] }],
  ['a traversal that began elsewhere', { starts: [{ ...start, began: 3 }] }],
  ['another scope', { heads: [{ ...head, scope: 'region:2' }], starts: [{ ...start, scope: 'region:2' }] }],
  ['more scopes', { heads: [head, { ...head, scope: 'x' }], starts: [start, { ...start, scope: 'x' }] }],
])('%s is another page', async (_, given) => {
  const { ask } = reader();
  expect(await ask()).toBe('[1]');
  expect(await ask(given)).toBe('[2]');
});

test('a page is kept for a moment only', async () => {
  const { ask, pass } = reader();
  await ask();
  pass(999);
  expect(await ask()).toBe('[1]');
  pass(1);
  expect(await ask()).toBe('[2]');
});

test('a scope’s other head does not matter where nothing of it is read', async () => {
  const { ask } = reader();
  await ask();
  expect(await ask({ heads: [head, { ...head, scope: 'agent:1' }] })).toBe('[1]');
});

test('what failed for one reader, the next reads by itself', async () => {
  const { ask } = reader();
  const broken = () => Promise.reject(new Error('connection lost'));
  const [failed, waited] = await Promise.allSettled([ask({}, broken), ask()]);
  expect(failed.status).toBe('rejected');
  expect(waited).toEqual({ status: 'fulfilled', value: '[1]' });
  expect(await ask()).toBe('[1]');
});
