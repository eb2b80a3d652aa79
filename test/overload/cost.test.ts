import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { hostileBodies, syncBody } from './hostile-bodies.ts';

const tries = 3;

let ekbaar: FieldOps;
let agent: string;
let honestMs: number;
beforeAll(async () => {
  // The rate limit would spare the server what is measured here.
  ekbaar = await startFieldOps({ limits: { rate: () => ({ perSecond: 1e6, burst: 1e6 }) } });
  agent = await ekbaar.token('a01', 'agent');
  const args = { deliveryId: 'none', reason: 'other', note: 'x'.repeat(1500) };
  // A phone's largest request: 500 mutations, nearly a mebibyte.
  const largest = () =>
    syncBody({
      mutations: Array.from({ length: 500 }, (_, at) => ({
        ...{ id: at + 1, key: crypto.randomUUID(), name: 'failDelivery', args, at: new Date().toISOString(), model: 1 },
      })),
    });
  await costOf(largest);
  honestMs = (await costOf(largest)).cpuMs;
  console.log(`an honest request of ${largest().length} bytes: ${Math.round(honestMs)} ms of CPU`);
});
afterAll(() => ekbaar.close());

/** The least CPU time that one of a few tries takes, of client, server and database, which are all in this process. */
async function costOf(body: () => string | Buffer, headers: Record<string, string> = {}) {
  let cpuMs = Infinity;
  let status = 0;
  for (let at = 0; at < tries; at++) {
    const text = body();
    const before = process.cpuUsage();
    ({ status } = await ekbaar.post('/v1/sync', agent, text, headers));
    const { user, system } = process.cpuUsage(before);
    cpuMs = Math.min(cpuMs, (user + system) / 1000);
  }
  return { status, cpuMs };
}

test.each(hostileBodies())('$name costs no more than twice a phone’s largest request', async (hostile) => {
  const { status, cpuMs } = await costOf(hostile.body, hostile.headers);
  console.log(`${hostile.name}: ${status}, ${(cpuMs / honestMs).toFixed(2)} × an honest request`);
  expect(status).toBe(hostile.status);
  // Were it quadratic, a mebibyte would cost thousands of times as much.
  expect(cpuMs / honestMs).toBeLessThan(2);
});
