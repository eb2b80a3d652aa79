import { expect, it } from 'vitest';
import { readDay, readPart } from './address.ts';

it.each([
  ['2026-11-27', '2026-11-27'],
  ['2024-02-29', '2024-02-29'],
  ['2026-02-29', null],
  ['0000-01-01', null],
  ['abc', null],
  ['', null],
  [null, null],
])('reads the day %s as %s', (text, day) => expect(readDay(text)).toBe(day));

it.each([
  ['asha%40pennco.example', 'asha@pennco.example'],
  ['%E0%A4%A', null],
])('reads the part %s as %s', (encoded, part) => expect(readPart(encoded)).toBe(part));
