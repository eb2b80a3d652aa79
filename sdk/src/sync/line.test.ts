import { expect, test } from 'vitest';
import { Line } from './line.ts';

test('the batch doubles when a full one went through, up to what a request may hold', () => {
  const line = new Line();
  line.answered(100, 3);
  expect(line.batch).toBe(50);
  for (let at = 0; at < 6; at += 1) line.answered(100, line.batch);
  expect(line.batch).toBe(500);
});

test('a timeout asks for less and waits longer; good answers undo it', () => {
  const line = new Line();
  for (let at = 0; at < 10; at += 1) line.timedOut();
  expect([line.batch, line.page, line.timeLimitMs]).toEqual([1, 50, 60_000]);
  for (let at = 0; at < 20; at += 1) line.answered(200, line.batch);
  expect([line.batch, line.page]).toEqual([500, 1000]);
  expect(Math.round(line.timeLimitMs)).toBe(10_000);
});

test('too large is measured by what was sent, not by what might have been', () => {
  const line = new Line();
  line.tooLarge(7);
  expect(line.batch).toBe(3);
});
