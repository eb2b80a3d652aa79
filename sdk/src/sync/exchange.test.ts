import { expect, test } from 'vitest';
import { ClosedError } from '../errors.ts';
import { FakeClock, idle } from '../testing/fake-clock.ts';
import { json } from '../testing/fake-server.ts';
import { silence, type SlowLine, slowly } from '../testing/slow-answer.ts';
import { exchange } from './exchange.ts';

const page = 'x'.repeat(10_000 - '{"rows":""}'.length);

/** One exchange of 10,000 bytes, and how it has ended. */
function start(fetch: (clock: FakeClock, init: RequestInit) => Promise<Response>, streams = true) {
  const clock = new FakeClock();
  const closing = new AbortController();
  let signal: AbortSignal | null | undefined;
  const began = clock.now();
  const watched = (_url: string, init: RequestInit) => {
    ({ signal } = init);
    return fetch(clock, init);
  };
  const platform = { now: clock.now, setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout };
  let outcome = '';
  const seconds = () => Math.round((clock.now() - began) / 1000);
  const answer = exchange(
    { platform: { ...platform, fetch: watched, streams }, ends: [closing.signal], waitMs: 15_000 },
    'http://server/v1/sync',
    { method: 'POST' },
  );
  answer.then(
    ({ text }) => (outcome = `${text.length} after ${seconds()} s`),
    (error: unknown) => (outcome = `${(error as { code: string }).code} after ${seconds()} s`),
  );
  return {
    answer,
    clock,
    close: () => closing.abort(new ClosedError()),
    isAborted: () => signal?.aborted,
    ended: async () => {
      await clock.until(() => outcome !== '');
      expect(clock.waiting).toBe(0);
      return outcome;
    },
  };
}

const over = (line: SlowLine) => (clock: FakeClock, init: RequestInit) =>
  slowly(clock, line)({} as never, async () => json({ rows: page }), init);

test.for<[string, SlowLine, string]>([
  ['an answer at once', {}, '10000 after 0 s'],
  ['one that is slow to begin', { delayMs: 14_000 }, '10000 after 14 s'],
  ['one that does not begin', { delayMs: 16_000 }, 'timeout after 15 s'],
  ['one that is slow, and moves', { delayMs: 14_000, bytesPerSecond: 110 }, '10000 after 105 s'],
  ['one that moves for ever', { delayMs: 14_000, bytesPerSecond: 50 }, 'timeout after 120 s'],
  ['one that stops', { delayMs: 5_000, bytesPerSecond: 1_000, stallsAfter: 4_000 }, 'timeout after 29 s'],
])('%s', async ([, line, outcome]) => {
  expect(await start(over(line)).ended()).toBe(outcome);
});

test('what the line has shown is told: delay, time, bytes, and how those flowed that came after the first', async () => {
  const { answer, ended } = start(over({ delayMs: 2_000, bytesPerSecond: 1_000 }));
  await ended();
  const flow = { bytes: 9_000, ms: 9_000 };
  expect((await answer).arrival).toEqual({ waitedMs: 2_000, tookMs: 12_000, bytes: 10_000, flow });
});

test('what times out or ends is given up, and nothing of it waits any longer', async () => {
  const late = start(over({ delayMs: 5_000, stallsAfter: 0 }));
  await late.ended();
  expect(late.isAborted()).toBe(true);

  const left = start(over({ bytesPerSecond: 10 }));
  await left.clock.pass(3_000);
  left.close();
  await idle();
  expect(await left.ended()).toBe('closed after 3 s');
  expect(left.isAborted()).toBe(true);

  // A network stack that does not care.
  const deaf = start(() => new Promise(() => {}));
  await deaf.clock.pass(3_000);
  deaf.close();
  expect(await deaf.ended()).toBe('closed after 3 s');
});

/** As React Native answers: once everything is there, and without a body to read from. */
const whole = (ms: number) => async (clock: FakeClock) => {
  await new Promise<void>((resolve) => clock.setTimeout(resolve, ms));
  const { status, headers } = json({});
  return { status, headers, body: undefined, text: async () => page } as unknown as Response;
};

test('without streaming there is one limit for all of it', async () => {
  const slow = start(whole(55_000), false);
  expect(await slow.ended()).toBe(`${page.length} after 55 s`);
  const ms = 55_000;
  const flow = { bytes: page.length, ms };
  expect((await slow.answer).arrival).toEqual({ waitedMs: ms, tookMs: ms, bytes: page.length, flow });
  const silent = start((_clock, init) => silence({} as never, () => Promise.reject(new Error()), init), false);
  expect(await silent.ended()).toBe('timeout after 60 s');
});
