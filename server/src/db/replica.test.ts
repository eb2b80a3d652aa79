import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Database } from './database.ts';
import { askPrimary, Replica } from './replica.ts';

class Unavailable extends Error {
  readonly code = '57P01';
}
class Conflict extends Error {
  readonly code = '40001';
}

function replicaOf() {
  let now = 0;
  const errors: unknown[] = [];
  const asked: string[] = [];
  const replica = new Replica({
    database: {} as Database,
    monotonic: () => now,
    onError: (error) => errors.push(error),
    pauseMs: 1000,
    patienceMs: 20,
  });
  const read = (answer: () => Promise<string | typeof askPrimary>) =>
    replica.read<string>(
      () => {
        asked.push('replica');
        return answer();
      },
      () => Promise.resolve('primary'),
    );
  return { read, errors, asked, pass: (ms: number) => void (now += ms) };
}

const works = () => Promise.resolve('replica');
const fails = () => Promise.reject(new Unavailable('shut down'));

test('answers for the primary', async () => {
  const { read, errors } = replicaOf();
  expect(await read(works)).toBe('replica');
  expect(errors).toEqual([]);
});

test('what it does not know the primary is asked, and it is asked again', async () => {
  const { read, errors } = replicaOf();
  expect(await read(() => Promise.resolve(askPrimary))).toBe('primary');
  expect(await read(works)).toBe('replica');
  expect(errors).toEqual([]);
});

test('one that fails is left alone for a while, and told of once', async () => {
  const { read, errors, asked, pass } = replicaOf();
  expect(await read(fails)).toBe('primary');
  expect(await read(works)).toBe('primary');
  expect(asked).toHaveLength(1);
  pass(1000);
  expect(await read(fails)).toBe('primary');
  pass(1000);
  expect(await read(works)).toBe('replica');
  expect(await read(works)).toBe('replica');
  expect(errors).toHaveLength(1);
  await read(fails);
  expect(errors).toHaveLength(2);
});

test('after the pause one reader finds out whether it is back, the others do not wait for it', async () => {
  const { read, asked, pass } = replicaOf();
  await read(fails);
  pass(1000);
  const slow = Promise.withResolvers<string>();
  const first = read(() => slow.promise);
  expect(await read(works)).toBe('primary');
  slow.resolve('replica');
  expect(await first).toBe('replica');
  expect(asked).toHaveLength(2);
});

test('one that does not answer in time counts as away', async () => {
  const { read, errors, asked } = replicaOf();
  expect(await read(() => sleep(2000, 'late', { ref: false }))).toBe('primary');
  expect(await read(works)).toBe('primary');
  expect([errors.length, asked.length]).toEqual([1, 1]);
});

test('a statement that was in the way of the replay is asked of the primary; the next one is not', async () => {
  const { read, errors } = replicaOf();
  expect(await read(() => Promise.reject(new Conflict('conflict with recovery')))).toBe('primary');
  expect(await read(works)).toBe('replica');
  expect(errors).toEqual([]);
});
