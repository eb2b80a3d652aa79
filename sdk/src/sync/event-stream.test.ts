import { expect, test } from 'vitest';
import { eventReader } from './event-stream.ts';

/** The examples of the HTML standard, 9.2.6, and what else it says about lines and fields. */
const streams: { name: string; text: string; events: [event: string, data: string][] }[] = [
  { name: 'several lines of data', text: 'data: YHOO\ndata: +2\ndata: 10\n\n', events: [['message', 'YHOO\n+2\n10']] },
  {
    name: 'a comment, ids, an event without data at the end',
    text: ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n',
    events: [
      ['message', 'first event'],
      ['message', 'second event'],
    ],
  },
  {
    name: 'data that is empty',
    text: 'data\n\ndata\ndata\n\ndata:',
    events: [
      ['message', ''],
      ['message', '\n'],
    ],
  },
  {
    name: 'one space after the colon, or none',
    text: 'data:test\n\ndata: test\n\n',
    events: [
      ['message', 'test'],
      ['message', 'test'],
    ],
  },
  { name: 'only one space is taken away', text: 'data:  a \n\n', events: [['message', ' a ']] },
  {
    name: 'a name, for one event',
    text: 'event: poke\ndata: 1\n\ndata: 2\n\n',
    events: [
      ['poke', '1'],
      ['message', '2'],
    ],
  },
  { name: 'a name without data', text: 'event: poke\n\ndata: 1\n\n', events: [['message', '1']] },
  { name: 'the last name counts', text: 'event: a\nevent: poke\ndata: 1\n\n', events: [['poke', '1']] },
  { name: 'colons in a value', text: 'data: {"a":"b: c"}\n\n', events: [['message', '{"a":"b: c"}']] },
  { name: 'unknown fields', text: 'retry: 10\ndatas: 1\n data: 2\ndata: 3\n\n', events: [['message', '3']] },
  {
    name: 'carriage returns and line feeds',
    text: 'data: 1\r\ndata: 2\r\n\r\ndata: 3\r\n\r\n',
    events: [
      ['message', '1\n2'],
      ['message', '3'],
    ],
  },
  {
    name: 'carriage returns alone',
    text: 'data: 1\rdata: 2\r\rdata: 3\n\n',
    events: [
      ['message', '1\n2'],
      ['message', '3'],
    ],
  },
  {
    name: 'other line separators are text',
    text: 'data: a\u2028b\u0085c\n\n',
    events: [['message', 'a\u2028b\u0085c']],
  },
];

function read(pieces: readonly string[]): [string, string][] {
  const heard: [string, string][] = [];
  const reader = eventReader((...event) => heard.push(event));
  pieces.forEach(reader);
  return heard;
}

test.each(streams)('$name, wherever the pieces end', ({ text, events }) => {
  expect(read([text])).toEqual(events);
  expect(read(text.split(''))).toEqual(events);
  for (let at = 0; at <= text.length; at++) expect(read([text.slice(0, at), text.slice(at)])).toEqual(events);
});

test('an event is heard with its last line, not before', () => {
  expect(read(['data: 1\n'])).toEqual([]);
  expect(read(['data: 1\n', '\n'])).toEqual([['message', '1']]);
});

test.each([
  ['line', 'x'.repeat(1000)],
  ['event', `data: ${'x'.repeat(1000)}\n`],
])('a stream whose %s never ends is given up', (_name, piece) => {
  const reader = eventReader(() => {});
  expect(() => {
    for (let pieces = 0; pieces < 1100; pieces++) reader(piece);
  }).toThrow(TypeError);
});

test('a long stream of short events is not', () => {
  expect(read(Array.from({ length: 1100 }, () => `data: ${'x'.repeat(1000)}\n\n: comment\n`))).toHaveLength(1100);
});
