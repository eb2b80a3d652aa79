import { expect, test } from 'vitest';
import { ClientTurns } from './client-turns.ts';

const never = new AbortController().signal;

function turns(given: Partial<ConstructorParameters<typeof ClientTurns>[0]> = {}) {
  const clients = new ClientTurns({ clientInFlight: 1, clientWaiting: 2, waitMs: 60_000, ...given });
  const began: string[] = [];
  const start = (name: string, client = 'c', signal = never) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = clients.run(client, signal, () => {
      began.push(name);
      return promise;
    });
    const settled = done.then(
      () => 'done',
      (error: { code?: string }) => error.code ?? 'failed',
    );
    return { settled, end: () => resolve() };
  };
  return { began, start };
}

test('one at a time for each client', async () => {
  const { began, start } = turns();
  const one = start('a1', 'a');
  start('a2', 'a');
  start('b1', 'b');
  expect(began).toEqual(['a1', 'b1']);
  one.end();
  await expect.poll(() => began).toEqual(['a1', 'b1', 'a2']);
});

test('a phone that sent the same again and again has its last answer; the oldest that waits is refused', async () => {
  const { began, start } = turns();
  const [first, second, third, last] = ['1', '2', '3', '4'].map((name) => start(name));
  expect(await second?.settled).toBe('overloaded');
  first?.end();
  await expect.poll(() => began).toEqual(['1', '4']);
  last?.end();
  expect(await last?.settled).toBe('done');
  await expect.poll(() => began).toEqual(['1', '4', '3']);
  third?.end();
  expect(await third?.settled).toBe('done');
});

test('who hangs up gives its place up', async () => {
  const { began, start } = turns();
  const caller = new AbortController();
  const one = start('1');
  start('2');
  const gone = start('3', 'c', caller.signal);
  caller.abort();
  expect(await gone.settled).toBe('overloaded');
  one.end();
  await expect.poll(() => began).toEqual(['1', '2']);
});

test('nobody waits for ever, and a client that is done is forgotten', async () => {
  const { began, start } = turns({ waitMs: 5 });
  const one = start('1');
  expect(await start('2').settled).toBe('overloaded');
  one.end();
  await one.settled;
  start('3');
  expect(began).toEqual(['1', '3']);
});
