import { afterEach, beforeEach, expect, test } from 'vitest';
import { idle } from '../testing/fake-clock.ts';
import { fakeOrigin } from '../testing/fake-origin.ts';
import { World } from '../testing/world.ts';
import { clockError } from './clock-error.ts';

const hour = 3_600_000;

test('is the middle of the round trip minus the server’s time', () => {
  expect(clockError(null, 1_000, 900, 1_400)).toBe(300);
  expect(clockError(null, 1_000, 1_000 + 3 * hour, 1_400)).toBe(200 - 3 * hour);
});

test.for<[string, number, number, number]>([
  ['an answer that took eleven seconds', 1_000, 1_000, 12_000],
  ['a clock that was set back on the way', 9_000, 1_000, 2_000],
  ['a time that is none', 1_000, NaN, 1_400],
])('%s says nothing', ([, sent, server, received]) => {
  expect(clockError(null, sent, server, received)).toBeNull();
  expect(clockError(42, sent, server, received)).toBe(42);
});

test('what is known stands as long as a measure is not sure of anything else', () => {
  expect(clockError(150, 1_000, 1_000, 1_600)).toBe(150);
  expect(clockError(-301, 1_000, 1_000, 1_600)).toBe(300);
  expect(clockError(0, 1_000, 1_000, 1_000)).toBe(0);
});

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

test('the status shows it, in every tab, and follows a clock that is put right', async () => {
  let wrong = 3 * hour;
  const origin = { ...fakeOrigin(), now: () => world.clock.now() + wrong };
  const client = await world.client({ platform: origin });
  expect(client.status.get().clockErrorMs).toBeNull();
  await world.settle(client);
  expect(client.status.get().clockErrorMs).toBe(3 * hour);
  const other = await world.client({ platform: origin });
  await client.sync();
  wrong = -500;
  await client.sync();
  await idle();
  expect(client.status.get().clockErrorMs).toBe(-500);
  expect(other.status.get().clockErrorMs).toBe(-500);
});
