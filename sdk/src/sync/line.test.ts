import { expect, test } from 'vitest';
import { type Arrival, Line } from './line.ts';

/** An answer of so many bytes over a line of so many a second, that began after a delay. */
function arrival(bytes: number, rate: number, waitedMs = 400): Arrival {
  const ms = (bytes / rate) * 1000;
  return { waitedMs, tookMs: waitedMs + ms, bytes, flow: { bytes, ms } };
}
const small = arrival(200, 20_000);

test('the batch doubles when a full one went through, up to what a request may hold', () => {
  const line = new Line();
  line.answered(small, 3, 0);
  expect(line.batch).toBe(50);
  for (let at = 0; at < 6; at += 1) line.answered(small, line.batch, 0);
  expect(line.batch).toBe(500);
});

test('a full batch that took long is followed by a smaller one', () => {
  const line = new Line();
  line.answered({ ...small, waitedMs: 15_000 }, 50, 0);
  expect(line.batch).toBe(33);
  line.answered({ ...small, waitedMs: 60_000 }, 33, 0);
  expect(line.batch).toBe(16);
});

test('a page is what comes within ten seconds, and within three beside mutations', () => {
  const line = new Line();
  // 20 kB a second, 500 bytes a change.
  for (let at = 0; at < 20; at += 1) line.answered(arrival(500 * 200, 20_000), 0, 200);
  expect([line.page(0), line.page(1)]).toEqual([400, 120]);
  // The line becomes ten times slower.
  for (let at = 0; at < 20; at += 1) line.answered(arrival(500 * line.page(0), 2_000), 0, line.page(0));
  expect([line.page(0), line.page(1)]).toEqual([40, 20]);
  for (let at = 0; at < 20; at += 1) line.answered(arrival(500 * line.page(0), 1_000_000), 0, line.page(0));
  expect([line.page(0), line.page(1)]).toEqual([1000, 1000]);
});

test('short answers say nothing against a fast line, and something for it', () => {
  const line = new Line();
  for (let at = 0; at < 20; at += 1) line.answered(arrival(500 * 500, 100_000), 0, 500);
  const page = line.page(0);
  for (let at = 0; at < 50; at += 1) line.answered(arrival(200, 50, 4_000), 0, 0);
  expect(line.page(0)).toBe(page);

  const doubted = new Line();
  for (let at = 0; at < 10; at += 1) doubted.timedOut();
  expect(doubted.page(0)).toBe(20);
  // Too small to be measured by its flow: still, all of it came within a tenth of a second.
  doubted.answered({ waitedMs: 100, tookMs: 100, bytes: 3_000, flow: { bytes: 0, ms: 0 } }, 0, 20);
  expect(doubted.page(0)).toBe(1000);
});

test('an answer may take longer to begin when the last one did, when nothing came, and when much is sent', () => {
  const line = new Line();
  expect(line.waitMs(0)).toBe(15_000);
  expect(line.waitMs(10_000)).toBeGreaterThan(line.waitMs(1_000));
  for (let at = 0; at < 10; at += 1) line.answered(arrival(200, 20_000, 10_000), 0, 0);
  expect(Math.round(line.waitMs(0) / 1000)).toBe(40);
  const [measured] = [line.waitMs(50_000)];
  line.timedOut();
  expect(line.waitMs(0)).toBe(60_000);
  expect(line.waitMs(50_000)).toBeGreaterThan(measured + 20_000);
  for (let at = 0; at < 20; at += 1) line.answered(small, 0, 0);
  expect(Math.round(line.waitMs(0))).toBe(10_000);
  // The faster the line, the less the size of a request counts.
  for (let at = 0; at < 20; at += 1) line.answered(arrival(500_000, 1_000_000), 0, 1000);
  expect(line.waitMs(50_000)).toBeLessThan(11_000);
});

test('a timeout asks for less; good answers undo it', () => {
  const line = new Line();
  for (let at = 0; at < 10; at += 1) line.timedOut();
  expect([line.batch, line.page(0)]).toEqual([1, 20]);
  for (let at = 0; at < 20; at += 1) line.answered(arrival(10_000, 100_000), line.batch, 20);
  expect([line.batch, line.page(0)]).toEqual([500, 1000]);
});

test('too large is measured by what was sent, not by what might have been', () => {
  const line = new Line();
  line.tooLarge(7);
  expect(line.batch).toBe(3);
});
