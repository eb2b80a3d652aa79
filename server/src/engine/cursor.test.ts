import { expect, test } from 'vitest';
import { type CursorState, decodeCursor, encodeCursor, historyOf } from './cursor.ts';

function cursorOf(scopes: number): CursorState {
  const entries = Array.from({ length: scopes }, (_, at) => {
    const version = 1000 + at;
    const line = at % 2 === 0 ? null : { collection: 'deliveries', id: `d${at}` };
    return [`region:IN-${at % 28}-${at}`, { version, line, began: line === null ? version : 3 }] as const;
  });
  return { history: historyOf('e1', 'pennco'), scopes: new Map(entries) };
}

test.each([0, 1, 5, 1000])('a cursor of %i scopes comes back as it was', (scopes) => {
  expect(decodeCursor(encodeCursor(cursorOf(scopes)))).toEqual(cursorOf(scopes));
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
