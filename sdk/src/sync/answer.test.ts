import * as z from 'zod/mini';
import { expect, expectTypeOf, test } from 'vitest';
import * as protocol from '../protocol/index.ts';
import { Answer, Outcome, Poke, Problem } from './answer.ts';

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

test('the device reads what the protocol says, and knows the same of it', () => {
  for (const answer of [whole, least]) {
    expect(z.parse(protocol.SyncResponse, answer)).toEqual(answer);
    expect(z.parse(Answer, answer)).toEqual(answer);
  }
  expect(z.parse(Poke, { scopes: { 'agent:a17': 19 } })).toEqual({ scopes: { 'agent:a17': 19 } });
  const { type: _type, requestId: _requestId, ...read } = z.parse(protocol.Problem, problem);
  expect(z.parse(Problem, problem)).toEqual(read);
  expectTypeOf<z.infer<typeof Answer>>().toEqualTypeOf<protocol.SyncResponse>();
  expectTypeOf<z.infer<typeof Outcome>>().toEqualTypeOf<protocol.Outcome>();
  expectTypeOf<Poke>().toEqualTypeOf<protocol.Poke>();
});

test('fields that only a newer server knows are left aside, rows keep all of theirs', () => {
  const { delta } = z.parse(Answer, { ...whole, hint: 1, delta: { ...whole.delta, hint: 1 } });
  expect(delta).toEqual(whole.delta);
});

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
    expect(z.safeParse(Answer, spoilt).success).toBe(false);
  }
});
