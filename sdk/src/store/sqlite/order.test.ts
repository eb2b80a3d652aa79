import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { seededRandom } from '../../../../test/support/seeded.ts';
import { ordered, orderedValue } from './order.ts';

const { seed, random } = seededRandom(1);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

/** The values in SQLite's order of what `encode` makes of them. */
function sortedBySqlite<T>(values: readonly T[], encode: (value: T) => string): T[] {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE t (at INTEGER, value TEXT)');
  const insert = database.prepare('INSERT INTO t VALUES (?, ?)');
  values.forEach((value, at) => insert.run(at, encode(value)));
  const rows = database.prepare('SELECT at FROM t ORDER BY value, at').all();
  database.close();
  return rows.map(({ at }) => values[at as number] as T);
}

const compare = (left: string | number, right: string | number) => (left < right ? -1 : left > right ? 1 : 0);

test(`SQLite orders text by code unit (seed ${seed})`, () => {
  const units = [
    '\0',
    '\u0001',
    '\u0002',
    'a',
    'é',
    '\ud7fe',
    '\ud7ff',
    '\ud83d',
    '\ude00',
    '\ue000',
    '\ufffd',
    '\uffff',
  ];
  const texts = Array.from({ length: 2000 }, () =>
    Array.from({ length: Math.floor(random() * 4) }, () => pick(units)).join(''),
  );
  expect(sortedBySqlite(texts, ordered)).toEqual(texts.toSorted(compare));
  expect(new Set(texts.map(ordered)).size).toBe(new Set(texts).size);
  // Every driver can carry it.
  for (const text of texts)
    expect(ordered(text)).toSatisfy((kept: string) => kept.isWellFormed() && !kept.includes('\0'));
});

test(`SQLite orders numbers by size, before all text, and loses no bit (seed ${seed})`, () => {
  const bits = new DataView(new ArrayBuffer(8));
  const anyNumber = () => {
    for (let at = 0; at < 8; at += 1) bits.setUint8(at, Math.floor(random() * 256));
    return bits.getFloat64(0);
  };
  const drawn = Array.from({ length: 2000 }, anyNumber).filter((number) => !Number.isNaN(number));
  const neighbours = drawn.map((number) => number * (1 + Number.EPSILON));
  const others = [0, 1, -1, 1.5, -1.5, 2 ** 53, 2 ** 53 - 1, -Infinity, Infinity, Number.MIN_VALUE, -Number.MIN_VALUE];
  const numbers = [...new Set([...drawn, ...neighbours, ...others])];
  const encoded = numbers.map(orderedValue);
  expect(new Set(encoded).size).toBe(numbers.length);
  expect(sortedBySqlite(numbers, orderedValue)).toEqual(numbers.toSorted(compare));
  expect(orderedValue(-0)).toBe(orderedValue(0));
  expect(Math.max(...encoded.map((text) => compare(text, orderedValue(''))))).toBe(-1);
});
