import { expect, test } from 'vitest';
import type { Actor } from '../engine/actor.ts';
import type { ProblemError } from '../problem.ts';
import { limitsOf } from './limits.ts';
import { RateLimit } from './rate-limit.ts';

const actor = (id: string, tenant = 'pennco'): Actor => ({ tenant, id, role: 'agent', claims: {} });

function rateLimit(rate = { perSecond: 2, burst: 5 }) {
  let now = 1_000_000;
  const limit = new RateLimit(
    () => rate,
    () => new Date(now),
  );
  const taken = (count: number, who = actor('a01')) => {
    let done = 0;
    try {
      for (; done < count; done++) limit.take(who);
    } catch (error) {
      if ((error as ProblemError).code !== 'throttled') throw error;
    }
    return done;
  };
  return { limit, taken, pass: (seconds: number) => void (now += seconds * 1000) };
}

test('a burst, then the rate', () => {
  const { taken, pass } = rateLimit();
  expect(taken(10)).toBe(5);
  pass(1.5);
  expect(taken(10)).toBe(3);
  pass(3600);
  expect(taken(10)).toBe(5);
});

test('says when the next one is taken', () => {
  const { limit, taken, pass } = rateLimit({ perSecond: 0.1, burst: 1 });
  taken(1);
  const refused = () => {
    try {
      limit.take(actor('a01'));
    } catch (error) {
      return (error as ProblemError).retryAfterSeconds;
    }
    return undefined;
  };
  expect(refused()).toBe(10);
  pass(4);
  expect(refused()).toBe(6);
  pass(6);
  expect(refused()).toBeUndefined();
});

test('large requests count as several: a debt, as large as the bucket at most, that the next ones wait for', () => {
  const { limit, taken, pass } = rateLimit();
  taken(1);
  limit.charge(actor('a01'), 6);
  expect(taken(1)).toBe(0);
  pass(1.5);
  expect(taken(10)).toBe(1);
  limit.charge(actor('a01'), 1_000_000);
  pass(4);
  expect(taken(10)).toBe(3);
});

test('each actor of each tenant for itself', () => {
  const { taken } = rateLimit();
  taken(10);
  expect(taken(10, actor('a02'))).toBe(5);
  expect(taken(10, actor('a01', 'vishi'))).toBe(5);
});

test('a clock that is set back gives nothing and takes nothing', () => {
  const { taken, pass } = rateLimit();
  taken(4);
  pass(-3600);
  expect(taken(10)).toBe(1);
});

test('forgets who was away, and nobody else', () => {
  const { limit, taken, pass } = rateLimit();
  for (let second = 0; second < 100; second++) {
    for (let at = 0; at < 100; at++) taken(1, actor(`phone-${second}-${at}`));
    taken(5, actor('busy'));
    pass(1);
  }
  // 10,000 came by; the bucket is full after 2.5 s, a debt after 5 s.
  expect(limit.size).toBeLessThan(1200);
  expect(taken(10, actor('busy'))).toBe(2);
});

test('a phone that was away for a week never meets the defaults; a loop does', () => {
  const { rate } = limitsOf({}, 10);
  // A week of 300 mutations a day, of half a kibibyte each, in the SDK's first batches of 50; 100,000 rows in pages of
  // 1,000; and all of it at once.
  const { limit, taken } = rateLimit(rate(actor('a01')));
  const mutations = 7 * 300;
  limit.charge(actor('a01'), (mutations * 512) / (32 * 1024));
  const needed = mutations / 50 + 100_000 / 1000;
  expect(taken(needed)).toBe(needed);
  expect(taken(100_000)).toBeLessThan(2000);
});
