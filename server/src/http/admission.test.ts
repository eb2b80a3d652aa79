import { expect, test } from 'vitest';
import { Admission, type Work } from './admission.ts';

const never = new AbortController().signal;

/** An admission whose work ends when the test says so. */
function admission(given: Partial<ConstructorParameters<typeof Admission>[0]> = {}) {
  const gate = new Admission({ inFlight: 3, readsInFlight: 2, waiting: 4, waitMs: 60_000, ...given });
  const began: string[] = [];
  const start = (name: string, work: Work, signal = never) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = gate.run(work, signal, () => {
      began.push(name);
      return promise;
    });
    const settled = done.then(
      () => 'done',
      (error: { code?: string }) => error.code ?? 'failed',
    );
    return {
      settled,
      end: async () => {
        resolve();
        await done;
      },
    };
  };
  return { gate, began, start };
}

test('reads leave room for pushes', async () => {
  const { began, start } = admission();
  const reads = ['r1', 'r2', 'r3'].map((name) => start(name, 'read'));
  start('p1', 'push');
  expect(began).toEqual(['r1', 'r2', 'p1']);
  await reads[0]?.end();
  await expect.poll(() => began).toEqual(['r1', 'r2', 'p1', 'r3']);
});

test('a push that waits goes before the reads that came earlier', async () => {
  const { began, start } = admission();
  const first = ['r1', 'r2'].map((name) => start(name, 'read'));
  start('p1', 'push');
  start('r3', 'read');
  start('p2', 'push');
  await first[0]?.end();
  await expect.poll(() => began.at(-1)).toBe('p2');
  await first[1]?.end();
  await expect.poll(() => began.at(-1)).toBe('r3');
});

test('who finds no room to wait is refused, and room comes back', async () => {
  const { gate, began, start } = admission({ inFlight: 1, readsInFlight: 1, waiting: 1 });
  const one = start('p1', 'push');
  const two = start('p2', 'push');
  expect(await start('p3', 'push').settled).toBe('overloaded');
  await one.end();
  await two.end();
  expect(await two.settled).toBe('done');
  expect(began).toEqual(['p1', 'p2']);
  expect(gate.load).toEqual({ running: 0, reading: 0, waiting: 0, refused: 1 });
});

test('nobody waits for ever', async () => {
  const { gate, start } = admission({ inFlight: 1, waitMs: 5 });
  const one = start('p1', 'push');
  expect(await start('p2', 'push').settled).toBe('overloaded');
  await one.end();
  expect(gate.load).toMatchObject({ running: 0, waiting: 0 });
});

test('who hangs up waits no longer, and the next one has the turn', async () => {
  const { gate, began, start } = admission({ inFlight: 1 });
  const caller = new AbortController();
  const one = start('p1', 'push');
  const gone = start('p2', 'push', caller.signal);
  start('p3', 'push');
  caller.abort();
  expect(await gone.settled).toBe('overloaded');
  await one.end();
  await expect.poll(() => began).toEqual(['p1', 'p3']);
  expect(gate.load).toMatchObject({ running: 1, waiting: 0 });
});

test('work that fails gives its room back', async () => {
  const { gate } = admission();
  await expect(gate.run('read', never, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(gate.load).toMatchObject({ running: 0, reading: 0 });
});
