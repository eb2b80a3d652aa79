import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startFieldOps } from '../support/field-ops.ts';

test('closing answers what is under way and ends the event streams', async () => {
  const fieldOps = await startFieldOps({ demo: { agents: 1, deliveries: 1 } });
  fieldOps.server.app.get('/slow', async (c) => {
    await sleep(1200);
    return c.text('done');
  });
  const slow = fetch(`${fieldOps.url}/slow`).then((answer) => answer.text());
  const authorization = `Bearer ${await fieldOps.token('a01', 'agent')}`;
  const events = await fetch(`${fieldOps.url}/v1/events`, { headers: { authorization } });
  await sleep(100);
  const closed = fieldOps.close();
  expect(await slow).toBe('done');
  expect(await events.text()).toContain('connected');
  await closed;
});
