import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FieldOpsWithWorker, startWithWorker } from './field-ops-with-worker.ts';
import type { Heard } from './obedient-outside.ts';

let fieldOps: FieldOpsWithWorker;
beforeAll(async () => {
  fieldOps = await startWithWorker();
});
beforeEach(() => fieldOps.outside.reset());
afterAll(() => fieldOps.close());

describe('webhooks to MFIs', () => {
  type Endpoint = { id: string; enabled: boolean; disabledReason: string | null };
  const add = async (mfiId: string, path: string) => {
    const answer = await fieldOps.post('/api/v1/webhooks/endpoints', await fieldOps.ops(), {
      mfiId,
      url: `${fieldOps.outside.url}${path}`,
    });
    expect(answer.status).toBe(201);
    return answer.body as { endpoint: Endpoint; secret: string };
  };
  const remove = async ({ id }: Endpoint) => {
    const removed = await fieldOps.post(`/api/v1/webhooks/endpoints/${id}/remove`, await fieldOps.ops(), {});
    expect(removed.status).toBe(200);
  };
  const arrived = (path: string) => fieldOps.outside.heardAt(path);
  const verifies = (secret: string, { headers, body }: Heard) => {
    try {
      new Webhook(secret).verify(body, headers as Record<string, string>);
      return true;
    } catch {
      return false;
    }
  };

  test('are signed, with both secrets while they overlap, and replayed with their former ids', async () => {
    const { endpoint, secret } = await add('bfil', '/bfil');
    await fieldOps.confirm('pennco', 'bfil');
    await expect.poll(() => arrived('/bfil').length).toBe(1);
    const [first] = arrived('/bfil');
    expect(first !== undefined && verifies(secret, first)).toBe(true);

    const rotate = `/api/v1/webhooks/endpoints/${endpoint.id}/secrets`;
    expect((await fieldOps.post(rotate, await fieldOps.ops('vishi'), {})).status).toBe(404);
    const rotated = (await fieldOps.post(rotate, await fieldOps.ops(), { overlapHours: 1 })).body as { secret: string };
    expect(rotated.secret).not.toBe(secret);
    const replay = `/api/v1/webhooks/endpoints/${endpoint.id}/replay`;
    expect((await fieldOps.post(replay, await fieldOps.ops('vishi'), { from: '2020-01-01T00:00:00Z' })).status).toBe(
      404,
    );
    expect((await fieldOps.post(replay, await fieldOps.ops(), {})).status).toBe(400);
    // Nothing was made before that.
    expect(
      (await fieldOps.post(replay, await fieldOps.ops(), { from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' }))
        .body,
    ).toMatchObject({ replayed: 0 });
    await expect
      .poll(async () => (await fieldOps.post(replay, await fieldOps.ops(), { from: '2020-01-01T00:00:00Z' })).body)
      .toMatchObject({ replayed: 1 });
    await expect.poll(() => arrived('/bfil').length).toBe(2);
    const [, second] = arrived('/bfil');
    if (first === undefined || second === undefined) throw new Error('two have arrived');
    expect([verifies(secret, second), verifies(rotated.secret, second)]).toEqual([true, true]);
    expect([second.headers['webhook-id'], second.body]).toEqual([first.headers['webhook-id'], first.body]);

    await fieldOps.sql`update webhook_secrets set expires_at = now() - interval '1 second' where expires_at is not null`;
    await expect
      .poll(async () => (await fieldOps.post(replay, await fieldOps.ops(), { from: '2020-01-01T00:00:00Z' })).body)
      .toMatchObject({ replayed: 1 });
    await expect.poll(() => arrived('/bfil').length).toBe(3);
    const third = arrived('/bfil')[2];
    expect(third !== undefined && [verifies(secret, third), verifies(rotated.secret, third)]).toEqual([false, true]);
    await remove(endpoint);
  });

  test('go to no address inside, and secrets are shown once', async () => {
    for (const url of [
      'http://169.254.169.254/latest',
      'https://10.0.0.1/',
      'http://93.184.215.14/',
      'https://[::1]/',
    ]) {
      const answer = await fieldOps.post('/api/v1/webhooks/endpoints', await fieldOps.ops(), { mfiId: 'lnt', url });
      expect([url, answer.status]).toEqual([url, 400]);
    }
    const { endpoint, secret } = await add('lnt', '/lnt');
    const listed = JSON.stringify((await fieldOps.get('/api/v1/webhooks/endpoints', await fieldOps.ops())).body);
    expect([listed.includes(endpoint.id), listed.includes(secret)]).toEqual([true, false]);
    expect((await fieldOps.get('/api/v1/webhooks/endpoints', await fieldOps.ops('vishi'))).body).toEqual({
      endpoints: [],
    });
    // It was allowed when it was added; what counts is where it leads when it is called.
    await fieldOps.sql`update webhook_endpoints set url = 'https://169.254.169.254/' where id = ${endpoint.id}`;
    const { id } = await fieldOps.confirm('pennco', 'lnt');
    await expect
      .poll(async () => (await fieldOps.messages(`delivery=${id}&channel=webhook`))[0])
      .toMatchObject({
        ...{ status: 'refused', lastError: expect.stringContaining('169.254.169.254') as string },
      });
    await remove(endpoint);
  });

  test('an endpoint that is gone, or that failed for days, is not called any more', async () => {
    const { endpoint } = await add('samasta', '/samasta');
    const state = async () => {
      const { body } = await fieldOps.get('/api/v1/webhooks/endpoints', await fieldOps.ops());
      return (body as { endpoints: Endpoint[] }).endpoints.find(({ id }) => id === endpoint.id);
    };
    fieldOps.outside.respond = () => ({ status: 500 });
    await fieldOps.confirm('pennco', 'samasta');
    await expect.poll(() => arrived('/samasta').length).toBeGreaterThan(0);
    await expect
      .poll(
        async () =>
          (await fieldOps.sql`select from webhook_endpoints where id = ${endpoint.id} and failing_since is not null`)
            .length,
      )
      .toBe(1);
    expect(await state()).toMatchObject({ enabled: true });
    await fieldOps.sql`update webhook_endpoints set failing_since = now() - interval '6 days' where id = ${endpoint.id}`;
    // The tries of the one before may be over by now.
    await fieldOps.confirm('pennco', 'samasta');
    await expect.poll(async () => (await state())?.disabledReason).toContain('5 days');
    fieldOps.outside.respond = () => ({ status: 200 });
    const calls = arrived('/samasta').length;
    await fieldOps.confirm('pennco', 'samasta');
    await fieldOps.sql`select pg_sleep(2)`;
    expect(arrived('/samasta')).toHaveLength(calls);
    await remove(endpoint);
  });
});
