import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { addDelivery, confirm } from './delivery.ts';
import { device } from './device.ts';
import { openEvents } from './event-stream.ts';
import { problemIn } from './problem.ts';

let ekbaar: FieldOps;
let agent: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  agent = await ekbaar.token('a01', 'agent');
});
afterAll(() => ekbaar.close());

const inSeconds = (seconds: number) => ({ exp: Math.floor(Date.now() / 1000) + seconds });

describe('GET /v1/events', () => {
  test('is a stream of server-sent events that nothing on the way keeps or gathers', async () => {
    const stream = await openEvents(ekbaar.url, agent);
    expect(stream.response.status).toBe(200);
    expect(stream.response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(stream.response.headers.get('cache-control')).toMatch(/no-(store|cache)/);
    expect(stream.response.headers.get('content-encoding')).toBeNull();
    stream.close();
    await stream.ended;
  });

  test('asked for its head only, is none that stays open', async () => {
    const headers = { authorization: `Bearer ${agent}` };
    for (let n = 0; n < 3; n++) {
      const { status, headers: answered } = await fetch(`${ekbaar.url}/v1/events`, { method: 'HEAD', headers });
      expect([status, answered.get('content-type')]).toEqual([200, 'text/event-stream']);
    }
    const open = async () => /^ekbaar_event_streams (\d+)$/m.exec((await ekbaar.get('/metrics', null)).text)?.[1];
    await expect.poll(open).toBe('0');
  });

  test('pokes after a mutation, with the version that the delta has', async () => {
    const delivery = await addDelivery(ekbaar);
    await ekbaar.server.engine.sweep();
    const stream = await openEvents(ekbaar.url, agent);
    const phone = device(ekbaar, agent);
    const { delta } = await phone.sync({ mutations: phone.next(confirm(delivery)) });
    const version = delta.scopes['agent:a01']?.version;
    await expect.poll(() => stream.pokes()).toContainEqual({ 'agent:a01': version });
    stream.close();
    await stream.ended;
  });

  test('pokes after another program’s write', async () => {
    const stream = await openEvents(ekbaar.url, agent);
    await addDelivery(ekbaar);
    await expect.poll(() => stream.pokes().length).toBeGreaterThan(0);
    stream.close();
    await stream.ended;
  });

  test('only with one’s own scopes, and of one’s own tenant', async () => {
    const delivery = await addDelivery(ekbaar);
    await ekbaar.server.engine.sweep();
    const ops = await openEvents(ekbaar.url, await ekbaar.token('ops', 'ops'));
    const others = await Promise.all([
      openEvents(ekbaar.url, await ekbaar.token('a02', 'agent')),
      openEvents(ekbaar.url, await ekbaar.token('a01', 'agent', 'vishi')),
      openEvents(ekbaar.url, await ekbaar.token('ops', 'ops', 'vishi')),
      openEvents(ekbaar.url, await ekbaar.token('ops', 'ops', 'pennco', { regions: ['IN-BR-09'] })),
    ]);
    await device(ekbaar, agent).mutate(confirm(delivery));
    await expect.poll(() => ops.pokes()).toHaveLength(1);
    expect(Object.keys(ops.pokes()[0] ?? {})).toEqual([`region:${delivery.regionId}`]);
    // Written in the order of the mutations: had the first reached the others, it would stand here by now.
    expect(others.flatMap((stream) => stream.pokes())).toEqual([]);
    for (const stream of [ops, ...others]) {
      stream.close();
      await stream.ended;
    }
  });

  test('no poke for a mutation that was rejected', async () => {
    const delivery = await addDelivery(ekbaar);
    await ekbaar.server.engine.sweep();
    const stream = await openEvents(ekbaar.url, agent);
    const phone = device(ekbaar, agent);
    await phone.mutate(confirm({ ...delivery, amountPaise: 5 }));
    await phone.mutate(confirm(delivery));
    await expect.poll(() => stream.pokes()).toHaveLength(1);
    stream.close();
    await stream.ended;
  });

  test('ends when the token does', async () => {
    const stream = await openEvents(ekbaar.url, await ekbaar.token('a01', 'agent', 'pennco', inSeconds(2)));
    const before = performance.now();
    await stream.ended;
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  test('needs a token', async () => {
    expect(problemIn(await ekbaar.get('/v1/events', null)).code).toBe('unauthenticated');
  });
});
