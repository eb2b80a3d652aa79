import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type CursorState, decodeCursor, encodeCursor, historyOf, mostScopes } from './cursor.ts';

function cursorOf(scopes: number): CursorState {
  const entries = Array.from({ length: scopes }, (_, at) => {
    const version = 1000 + at;
    const line = at % 2 === 0 ? null : { collection: 'deliveries', id: `d${at}` };
    return [`region:IN-${at % 28}-${at}`, { version, line, began: line === null ? version : 3 }] as const;
  });
  return { history: historyOf('e1', 'pennco'), scopes: new Map(entries) };
}

test.each([0, 1, 5, 1000, mostScopes])('a cursor of %i scopes comes back as it was', (scopes) => {
  expect(decodeCursor(encodeCursor(cursorOf(scopes)))).toEqual(cursorOf(scopes));
});

test('one of as many scopes as may be, whatever they are called and wherever they stand, comes back too', () => {
  const odd = ['":', '\\', '\\"', ',"', ':', '{[', '":1,"', 'ä', ' '];
  const line = { collection: '":,', id: '[",":{' };
  const at = { version: 3, line, began: 1 };
  const scopes = Array.from({ length: mostScopes }, (_, nth) => [`${odd[nth % odd.length]}${nth}`, at] as const);
  const cursor = { history: historyOf('e1', 'pennco'), scopes: new Map(scopes) };
  expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
});

test('more than it would take back is not given', () => {
  expect(() => encodeCursor(cursorOf(mostScopes + 1))).toThrow('reads 20001 scopes at once');
  // 200 letters each that nothing can make shorter: more than a request may hold.
  const noise = Array.from({ length: 5000 }, () => randomBytes(100).toString('hex'));
  const scopes = new Map(noise.map((scope) => [scope, { version: 1, line: null, began: 1 }]));
  expect(() => encodeCursor({ history: 'h', scopes })).toThrow('reads 5000 scopes at once');
});

test.each([
  ['too many scopes', `{"h":"x","s":{${Array.from({ length: mostScopes + 1 }, (_, at) => `"s${at}" :1`).join()}}}`],
  ['too many parts', `{"h":"x","s":{"a":[${'[],'.repeat(150_000)}[]]}}`],
  ['a list of versions', `{"h":"x","s":[${Array.from({ length: 30 }, () => 1).join()}]}`],
])('%s are refused', (_what, plain) => {
  const text = deflateRawSync(Buffer.from(plain)).toString('base64url');
  expect(() => decodeCursor(text)).toThrow(expect.objectContaining({ code: 'malformed' }));
});

test('a cursor of 1,000 scopes fits into the URL that most proxies let through', () => {
  const finished = new Map(
    [...cursorOf(1000).scopes].map(([scope, at]) => [scope, { ...at, line: null, began: at.version }]),
  );
  expect(encodeCursor({ history: historyOf('e1', 'pennco'), scopes: finished }).length).toBeLessThan(8 * 1024);
});

test.each(['', 'x', 'eyJ', Buffer.from('{"h":1}').toString('base64url'), Buffer.alloc(20, 7).toString('base64url')])(
  '%j is refused',
  (text) => {
    expect(() => decodeCursor(text)).toThrow(expect.objectContaining({ code: 'malformed' }));
  },
);

test('each tenant of each epoch has a history of its own', () => {
  const names = ['e1', 'e2'].flatMap((epoch) => ['pennco', 'vishi'].map((tenant) => historyOf(epoch, tenant)));
  expect(new Set(names).size).toBe(4);
  expect(historyOf('e1', 'pennco')).toBe(names[0]);
});
