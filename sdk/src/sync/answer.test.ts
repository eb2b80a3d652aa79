import * as z from 'zod/mini';
import { expect, test } from 'vitest';
import * as protocol from '../protocol/index.ts';
import { isAnswer, isOutcome, isPoke, isProblem, readAs } from './answer.ts';

const key = '0197a2c4-5e00-7000-8000-000000000001';
/** Has everything that an answer can have. */
const whole: protocol.SyncResponse = {
  request: key,
  serverTime: '2026-11-22T10:04:06.001Z',
  receipts: [
    { id: 1, key, status: 'applied', result: { receiptNo: 'R1' }, replayed: false },
    { id: 2, key, status: 'rejected', error: { code: 'late', message: 'no', details: { at: 1 } }, replayed: true },
    { id: 3, key, status: 'dead', error: { code: 'halted', message: '' }, replayed: false },
  ],
  stopped: { id: 4, code: 'gap', expected: 3, retryAfterMs: 2000 },
  delta: {
    lastMutationId: 3,
    changes: [
      { scope: 'agent:a17', collection: 'deliveries', id: 'd1', version: 18, tag: 2094, row: { id: 'd1', paise: [1] } },
      { scope: 'agent:a17', collection: 'deliveries', id: 'd2', version: 18, tag: 0, row: null },
    ],
    scopes: { 'agent:a17': { version: 18, rows: 212, checksum: '3391' }, 'region:r1': { version: 0 } },
    reset: ['agent:a17'],
    dropped: ['region:r2'],
    cursor: 'c',
    more: false,
  },
};
const least: protocol.SyncResponse = {
  ...whole,
  receipts: [],
  stopped: null,
  delta: { ...whole.delta, changes: [], scopes: {}, reset: [], dropped: [] },
};
const problem = {
  type: 'about:blank',
  title: 'Busy',
  status: 503,
  code: 'overloaded',
  detail: 'Wait',
  requestId: 'r1',
};

test('the device takes what the protocol takes', () => {
  for (const answer of [whole, least]) {
    expect(z.parse(protocol.SyncResponse, answer)).toEqual(answer);
    expect(isAnswer(answer)).toBe(true);
    expect(answer.receipts.every(isOutcome)).toBe(true);
  }
  expect(readAs(isPoke, JSON.stringify(z.parse(protocol.Poke, { scopes: { 'agent:a17': 19 } })))).toEqual({
    scopes: { 'agent:a17': 19 },
  });
  expect(isProblem(z.parse(protocol.Problem, problem))).toBe(true);
});

test('what only a newer server says stands in no way', () => {
  expect(isAnswer({ ...whole, hint: 1, delta: { ...whole.delta, hint: 1 } })).toBe(true);
});

test.each([
  '',
  '{',
  '<html>',
  'null',
  '[]',
  '{"scopes":null}',
  '{"scopes":[]}',
  '{"scopes":{"s":-1}}',
  '{"scopes":{"s":"1"}}',
])('the text %j is no poke', (text) => {
  expect(readAs(isPoke, text)).toBeUndefined();
  expect(readAs(isPoke, '{"scopes":{"s":1}}')).toEqual({ scopes: { s: 1 } });
});

test.each([{ status: '503' }, { status: 503.5 }, { code: 1 }, { title: undefined }, { detail: null }])(
  'a problem with %o is none',
  (wrong) => {
    expect(isProblem({ ...problem, ...wrong })).toBe(false);
  },
);

/** Every value of an answer that is not the app's own, by where it stands. */
function* places(value: unknown, path: readonly string[] = []): Generator<{ path: readonly string[]; value: unknown }> {
  if (/result|details/.test(path.at(-1) ?? '')) return;
  if (path.length > 0) yield { path, value };
  if (typeof value !== 'object' || value === null || path.at(-1) === 'row') return;
  for (const [name, inner] of Object.entries(value)) yield* places(inner, [...path, name]);
}

test.each([...places(whole)])('an answer with nonsense at $path is none', ({ path, value }) => {
  for (const nonsense of [Symbol('of no kind'), ...(typeof value === 'number' ? [-1, 1.5] : [])]) {
    const spoilt = structuredClone(whole);
    const parent = path.slice(0, -1).reduce((at: object, name) => Reflect.get(at, name) as object, spoilt);
    Reflect.set(parent, path.at(-1) ?? '', nonsense);
    expect(isAnswer(spoilt)).toBe(false);
  }
});
