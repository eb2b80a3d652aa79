import { expect, test } from 'vitest';
import type { Authenticated } from './auth.ts';
import { Gate } from './gate.ts';
import { limitsOf } from './limits.ts';

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
