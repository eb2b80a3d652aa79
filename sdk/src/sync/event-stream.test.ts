import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventReader } from './event-stream.ts';

const stream = [
  ': connected',
  'event: poke\ndata: {"scopes":{"a":1}}',
  ': still here',
  'event: other\ndata: {"scopes":{"b":1}}',
  'data: {"scopes":{"c":1}}',
  'event:poke\nid: 7\ndata:{"scopes":{"d":1}}',
  'event: poke-like\ndata: 1',
  'event: poke',
  'retry: 1500',
  'event: poke\ndata: {"scopes":{"e: 1\\n":1}}',
]
  .map((event) => `${event}\n\n`)
  .join('');
const pokes = ['{"scopes":{"a":1}}', '{"scopes":{"d":1}}', '', '{"scopes":{"e: 1\\n":1}}'];

test.for([
  ['as the server writes it', stream],
  ['as a proxy may', stream.replaceAll('\n', '\r\n')],
])('wherever it is cut, a stream has the same events: %s', ([, text = '']) => {
  fc.assert(
    fc.property(fc.array(fc.nat(text.length)), (cuts) => {
      const told: string[] = [];
      const feed = eventReader('poke', (data) => told.push(data));
      const places = [0, ...cuts.toSorted((left, right) => left - right), text.length];
      places.slice(1).forEach((end, at) => feed(text.slice(places[at], end)));
      expect(told).toEqual(pokes);
    }),
    { seed: 20 },
  );
});

test('an event that has not ended yet is not told; one without an end is refused', () => {
  const told: string[] = [];
  const feed = eventReader('poke', (data) => told.push(data));
  feed('event: poke\ndata: 1\n');
  expect(told).toEqual([]);
  expect(() => feed('x'.repeat(2_000_000))).toThrow('without an end');
});
