import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { model } from '@ekbaar/field-ops/model';
import { createClient } from '@ekbaar/sdk';
import { skipName, type SyncRequest } from '@ekbaar/sdk/protocol';
import { memoryStore } from '@ekbaar/sdk/store/memory';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addDelivery } from '../protocol/delivery.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';

const kept = 500;
const pings = 2000;
/** Between pings, every now and then, cash changes hands. */
const every = 200;

let ekbaar: FieldOps;
beforeAll(async () => {
  ekbaar = await startFieldOps();
});
afterAll(() => ekbaar.close());

test('a week of pings without a line: 500 arrive, once each, and every confirmation between them', async () => {
  const token = await ekbaar.token('a01', 'agent');
  const requests: SyncRequest[] = [];
  const answers: string[] = [];
  let online = false;
  let now = Date.parse('2026-11-22T04:00:00Z');
  const client = await createClient({
    model,
    url: ekbaar.url,
    actor: { tenant: 'pennco', id: 'a01' },
    token: () => token,
    store: memoryStore(),
    platform: {
      now: () => now,
      online: () => online,
      gzip: undefined,
      fetch: async (url, init) => {
        requests.push(JSON.parse(init.body as string) as SyncRequest);
        const answer = await fetch(url, init);
        answers.push(await answer.clone().text());
        return answer;
      },
    },
  });
  try {
    const confirmed: string[] = [];
    for (let n = 0; n < pings; n += 1) {
      now += 5 * 60_000;
      const at = new Date(now).toISOString();
      await client.mutate('recordLocation', { lat: 24.7 + n / 1e5, lng: 85 + n / 1e5, accuracyM: 12, at });
      if (n % every !== 0) continue;
      const { id: deliveryId, amountPaise } = await addDelivery(ekbaar);
      confirmed.push((await client.mutate('confirmDelivery', { deliveryId, amountPaise, confirmedAt: at })).key);
    }
    const left = (await client.readMutations({ name: 'recordLocation' })).map(({ key }) => key);
    expect(left).toHaveLength(kept);
    expect(client.status.get().pending).toBe(kept + confirmed.length);
    online = true;
    await client.sync();

    const track = await ekbaar.query<{ key: string }>(sql`select key from agent_track where agent_id = 'a01'`);
    expect(track.map(({ key }) => key).toSorted()).toEqual(left.toSorted());
    const receipts = await ekbaar.query(
      sql`select key, status from sync.receipts where client_id = ${client.clientId} order by mutation_id`,
    );
    expect(receipts).toEqual(confirmed.map((key) => ({ key, status: 'applied' })));
    const [log] = await ekbaar.query<{ last: string | number }>(
      sql`select last_mutation_id as last from sync.clients where client_id = ${client.clientId}`,
    );
    expect(Number(log?.last)).toBe(pings + confirmed.length);
    const sent = requests.flatMap(({ mutations }) => mutations);
    expect(sent.map(({ id }) => id)).toEqual(Array.from({ length: pings + confirmed.length }, (_, at) => at + 1));

    // What a skip costs on the wire, packed as phones pack it, and its receipt.
    const skips = sent.filter(({ name }) => name === skipName);
    expect(skips).toHaveLength(pings - kept);
    const skipped = new Set(skips.map(({ key }) => key));
    const receiptsOfSkips = answers
      .flatMap((text) => (JSON.parse(text) as { receipts: { key: string }[] }).receipts)
      .filter(({ key }) => skipped.has(key));
    const [up, down] = await Promise.all([skips, receiptsOfSkips].map(perOne));
    console.log(`a skip costs ${up?.raw} bytes up, ${up?.packed} packed; its receipt ${down?.raw}, ${down?.packed}`);
    expect(up?.packed).toBeLessThan(40);
    expect(down?.packed).toBeLessThan(40);
  } finally {
    await client.close();
  }
});

async function perOne(all: readonly unknown[]): Promise<{ raw: number; packed: number }> {
  const text = JSON.stringify(all);
  const packed = await promisify(gzip)(text);
  return { raw: Math.round(text.length / all.length), packed: Math.round(packed.length / all.length) };
}
