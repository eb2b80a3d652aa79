import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FieldOpsWithWorker, startWithWorker } from './field-ops-with-worker.ts';

let fieldOps: FieldOpsWithWorker;
beforeAll(async () => {
  fieldOps = await startWithWorker();
});
beforeEach(() => fieldOps.outside.reset());
afterAll(() => fieldOps.close());

type Job = { id: string; queue: string; deliveryId: string | null; messageId: string | null; reason: string | null };
async function deadLetters(tenant = 'pennco'): Promise<Job[]> {
  return ((await fieldOps.get('/api/v1/jobs/dead-letters', await fieldOps.ops(tenant))).body as { jobs: Job[] }).jobs;
}

describe('dead letters', () => {
  test('a final no is one, at once; ops see why, retry it, and it goes', async () => {
    fieldOps.outside.respond = () => ({ status: 422, body: '{"error":"no such number"}' });
    const { id } = await fieldOps.confirm();
    await expect.poll(async () => (await fieldOps.messages(`delivery=${id}&channel=sms`))[0]?.status).toBe('refused');
    await expect.poll(async () => (await deadLetters()).filter(({ deliveryId }) => deliveryId === id)).toHaveLength(1);
    expect(fieldOps.outside.heardAt('/sms')).toHaveLength(1);
    const [letter] = (await deadLetters()).filter(({ deliveryId }) => deliveryId === id);
    expect(letter).toMatchObject({ queue: 'sms-dead', reason: expect.stringContaining('no such number') as string });

    const path = `/api/v1/jobs/dead-letters/sms/${letter?.id}`;
    // Not another operator's business, and it does not even learn that it is there.
    expect(await deadLetters('vishi')).toEqual([]);
    expect((await fieldOps.post(`${path}/retry`, await fieldOps.ops('vishi'), {})).status).toBe(404);
    expect((await fieldOps.post(`${path}/close`, await fieldOps.ops('vishi'), { reason: 'x' })).status).toBe(404);
    expect((await fieldOps.get(`/api/v1/messages/${letter?.messageId}`, await fieldOps.ops('vishi'))).status).toBe(404);
    // Nor an agent's, nor that of ops of one region.
    expect((await fieldOps.post(`${path}/retry`, await fieldOps.token('a01', 'agent'), {})).status).toBe(403);
    expect(
      (await fieldOps.post(`${path}/retry`, await fieldOps.token('o', 'ops', 'pennco', { regions: ['x'] }), {})).status,
    ).toBe(403);

    fieldOps.outside.respond = () => ({ status: 200 });
    expect((await fieldOps.post(`${path}/retry`, await fieldOps.ops(), {})).status).toBe(200);
    expect((await fieldOps.post(`${path}/retry`, await fieldOps.ops(), {})).status).toBe(404);
    await expect.poll(async () => (await fieldOps.messages(`delivery=${id}&channel=sms`))[0]?.status).toBe('sent');
    const { body } = await fieldOps.get(`/api/v1/messages/${letter?.messageId}`, await fieldOps.ops());
    expect(body).toMatchObject({
      message: { to: expect.stringMatching(/^•+\d{4}$/) as string, attempts: 2 },
      attempts: [
        { no: 1, outcome: 'refused', httpStatus: 422 },
        { no: 2, outcome: 'done', httpStatus: 200 },
      ],
    });
  });

  test('too many tries are one; closed, it is gone, and its message says by whom', async () => {
    fieldOps.outside.respond = () => ({ status: 429 });
    const { id } = await fieldOps.confirm();
    await expect.poll(async () => (await fieldOps.messages(`delivery=${id}&channel=sms`))[0]?.status).toBe('exhausted');
    await expect.poll(async () => (await deadLetters()).filter(({ deliveryId }) => deliveryId === id)).toHaveLength(1);
    const [letter] = (await deadLetters()).filter(({ deliveryId }) => deliveryId === id);
    const path = `/api/v1/jobs/dead-letters/sms-dead/${letter?.id}/close`;
    expect((await fieldOps.post(path, await fieldOps.ops(), {})).status).toBe(400);
    expect((await fieldOps.post(path, await fieldOps.ops(), { reason: 'called the customer' })).status).toBe(200);
    expect((await deadLetters()).filter(({ deliveryId }) => deliveryId === id)).toEqual([]);
    expect(await fieldOps.messages(`delivery=${id}&channel=sms`)).toMatchObject([
      { status: 'closed', closedBy: 'ops', lastError: 'called the customer', attempts: 3 },
    ]);
  });

  test('a wait that the other side asks for is kept', async () => {
    fieldOps.outside.respond = () =>
      fieldOps.outside.heardAt('/sms').length === 1 ? { status: 429, retryAfter: '5' } : { status: 200 };
    const { id } = await fieldOps.confirm();
    await expect
      .poll(async () => (await fieldOps.messages(`delivery=${id}&channel=sms`))[0])
      .toMatchObject({ status: 'sent', attempts: 2 });
    const [first = NaN, second = NaN] = fieldOps.outside.heardAt('/sms').map(({ at }) => at);
    // Tries come after one by themselves.
    expect(second - first).toBeGreaterThan(4000);
  });
});

test('jobs are listed by queue and state, page by page, each operator’s own', async () => {
  await fieldOps.confirm();
  const one = await fieldOps.confirm('vishi');
  await expect
    .poll(async () => (await fieldOps.messages(`delivery=${one.id}&channel=sms`, 'vishi'))[0]?.status)
    .toBe('sent');
  const all = async (tenant: string) => {
    const found: Job[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await fieldOps.get(
        `/api/v1/jobs?queue=sms&limit=1&cursor=${cursor}`,
        await fieldOps.ops(tenant),
      );
      const page = body as { jobs: Job[]; next: string | null };
      found.push(...page.jobs);
      cursor = page.next;
    }
    return found;
  };
  const [ours] = await fieldOps.sql<
    { n: number }[]
  >`select count(*)::int as n from pgboss.job where name = 'sms' and data->>'tenant' = 'pennco'`;
  const pennco = await all('pennco');
  expect(pennco).toHaveLength(ours?.n ?? -1);
  expect(new Set(pennco.map(({ id }) => id)).size).toBe(pennco.length);
  expect((await all('vishi')).map(({ deliveryId }) => deliveryId)).toEqual([one.id]);
  expect((await fieldOps.get('/api/v1/jobs?queue=nonsense', await fieldOps.ops())).status).toBe(400);
  expect((await fieldOps.get('/api/v1/jobs?cursor=nonsense', await fieldOps.ops())).status).toBe(400);
});

test('the worker tells Prometheus what it does, and that it is well', async () => {
  const text = await fieldOps.worker.metrics.metrics();
  expect(text).toMatch(/field_ops_jobs_total\{queue="sms",verdict="done"\} [1-9]/);
  expect(text).toMatch(/field_ops_attempts_total\{channel="sms",provider="127\.0\.0\.1",outcome="refused"\} [1-9]/);
  expect(text).toContain('field_ops_jobs_waiting{queue="sms-dead",state="ready"}');
  expect(fieldOps.worker.isHealthy()).toBe(true);
});
