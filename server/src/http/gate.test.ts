import { expect, test } from 'vitest';
import type { Authenticated } from './auth.ts';
import { Gate } from './gate.ts';
import { limitsOf } from './limits.ts';

const requestOf = () => new Request('http://127.0.0.1/v1/sync', { method: 'POST' });
const mebibyte = 1024 * 1024;

test('bodies of one actor leave room for others, and so do those that show no token', async () => {
  const gate = new Gate(limitsOf({}, 10), () => new Date(0));
  const enter = (id: string) =>
    gate.limiting(() =>
      Promise.resolve({ actor: { tenant: 'pennco', id, role: 'agent', claims: {} }, expiresAt: new Date(3_600_000) }),
    );
  const [first, second, others] = [requestOf(), requestOf(), requestOf()];
  for (const request of [first, second]) await enter('a17')(request);
  await enter('a18')(others);
  gate.hold(first, 40 * mebibyte, true);
  expect(() => gate.hold(second, 25 * mebibyte, false)).toThrow('a17 has 41943040 bytes of requests under way');
  gate.hold(others, 60 * mebibyte, true);
  const [stranger, another] = [requestOf(), requestOf()];
  gate.hold(stranger, 64 * mebibyte, true);
  expect(() => gate.hold(another, 5 * mebibyte, true)).toThrow('busy with large requests');
  // Who signs in with a few bytes is not kept out by that.
  const small = requestOf();
  for (const bytes of [8 * 1024, 8 * 1024]) gate.hold(small, bytes, true);
  expect(() => gate.hold(small, 1, true)).toThrow('busy with large requests');
  for (const request of [first, stranger, small, another]) gate.ended(request);
  gate.hold(second, 64 * mebibyte, false);
  gate.hold(another, 64 * mebibyte, true);
  for (const request of [second, others, another]) gate.ended(request);
  expect(gate.load.bodyBytes).toBe(0);
});

test('two hundred and fifty-six requests of one actor at once, by default; an answered one makes room', async () => {
  const actor = { tenant: 'pennco', id: 'a17', role: 'agent', claims: {} };
  const authenticated: Authenticated = { actor, expiresAt: new Date(3_600_000) };
  const gate = new Gate(limitsOf({}, 10), () => new Date(0));
  const enter = gate.limiting(() => Promise.resolve(authenticated));
  const requests = Array.from({ length: 256 }, () => new Request('http://127.0.0.1/v1/pull'));
  for (const request of requests) expect((await enter(request)).actor).toBe(actor);
  const another = () => enter(new Request('http://127.0.0.1/v1/pull'));
  await expect(another()).rejects.toMatchObject({ code: 'throttled' });
  gate.ended(requests[0] as Request);
  expect((await another()).actor).toBe(actor);
});
