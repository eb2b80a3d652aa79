import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from '@ekbaar/sdk';
import { memoryStore } from '@ekbaar/sdk/store/memory';
import { afterEach, expect, test } from 'vitest';
import { type FieldOpsModel, model } from '../../examples/field-ops/src/model.ts';
import { optimistic } from '../../examples/field-ops/src/optimistic.ts';
import { confirm } from '../protocol/delivery.ts';
import { takeBaseBackup } from '../support/base-backup.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { readBooks } from '../support/books.ts';
import { secret } from '../support/field-ops-process.ts';
import { httpClient } from '../support/http-client.ts';
import { startNodeCluster } from '../support/node-cluster.ts';
import { startPostgres } from '../support/postgres.ts';
import { startTcpBalancer } from '../support/tcp-balancer.ts';
import { withSql } from './campaign.ts';
import { KeepingPhone } from './keeping-phone.ts';

const token = bearerTokens(secret);
const agents = ['a01', 'a02', 'a03', 'a04'] as const;
/** Confirmed by each agent before the backup, while it is taken, and after it. */
const each = 5;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Due {
  id: string;
  amountPaise: number;
}

test.for<[string, { epoch: boolean; busy: boolean }]>([
  ['as the runbook says: with a new epoch', { epoch: true, busy: false }],
  ['and the epoch was forgotten', { epoch: false, busy: false }],
  [
    'and the epoch was forgotten, and others worked on until the versions were higher than before',
    { epoch: false, busy: true },
  ],
])(
  'a backup is restored %s: phones that were ahead bring back what it lost, once',
  { timeout: 240_000 },
  async ([, { epoch, busy }]) => {
    const settings = { fsync: true, settings: { wal_keep_size: '256MB' } };
    const original = await startPostgres(settings);
    closing.push(() => original.stop());
    const name = await startTcpBalancer([portOf(original.url)]);
    closing.push(() => name.close());
    const database = new URL((await original.freshDatabase()).url);
    database.port = String(name.port);
    const cluster = await startNodeCluster(2, {
      DATABASE_URL: database.href,
      EKBAAR_SEED_AGENTS: String(agents.length),
      EKBAAR_SEED_DELIVERIES: '200',
    });
    closing.push(() => cluster.stop());

    // Two agents with the SDK, two with a device that speaks the bare protocol.
    const dues = await withSql(database.href, (sql) =>
      Promise.all(
        agents.map(
          (agent) =>
            sql<
              Due[]
            >`select id, amount_paise::float8 as "amountPaise" from deliveries where tenant = 'pennco' and agent_id = ${agent} order by id`,
        ),
      ),
    );
    const phones = await Promise.all(
      agents.map((agent, at) => (at < 2 ? sdkPhone(agent, cluster.url) : barePhone(agent, cluster.url))),
    );
    const confirmNext = async (from: number) => {
      await Promise.all(phones.map((phone, at) => phone.confirm((dues[at] ?? []).slice(from, from + each))));
    };
    await confirmNext(0);
    // While the server works.
    const [backup] = await Promise.all([takeBaseBackup(original), confirmNext(each)]);
    closing.push(() => backup.remove());
    await confirmNext(2 * each);
    const before = await readBooks(database.href, 'pennco');
    expect(before).toMatchObject({
      confirmed: agents.length * 3 * each,
      receipts: { applied: agents.length * 3 * each },
    });

    await original.kill();
    const restored = await backup.start(settings);
    closing.push(() => restored.stop());
    name.ports = [portOf(restored.url)];
    const [lost, conflicts] = await withSql(database.href, async (sql) => {
      if (epoch) await sql`update sync.settings set value = gen_random_uuid()::text where name = 'epoch'`;
      const [count] = await sql<
        { n: number }[]
      >`select count(*)::int as n from deliveries where tenant = 'pennco' and status = 'confirmed'`;
      return [agents.length * 3 * each - (count?.n ?? 0), dues.map((due) => due[2 * each]?.id ?? '')] as const;
    });
    expect(lost).toBeGreaterThanOrEqual(agents.length * each);
    // Before the phones come back, ops take deliveries off that were confirmed in the life that is lost.
    const ops = await token('ops', 'ops');
    const rest = async (path: string, body: unknown) => {
      const key = crypto.randomUUID();
      for (;;) {
        const answer = await httpClient(cluster.url)
          .post(path, ops, body, { 'idempotency-key': key })
          .catch(() => undefined);
        if (answer?.status === 200) return;
        if (answer?.status === 422) throw new Error(`${path}: ${answer.text}`);
        await sleep(100);
      }
    };
    for (const deliveryId of conflicts)
      await rest('/v1/mutations/cancelDelivery', { deliveryId, reason: 'the customer has left' });
    if (busy) {
      const late = dues.flatMap((due, at) =>
        due.slice(3 * each, 6 * each).map(({ id }) => [id, agents[at] ?? ''] as const),
      );
      for (const [deliveryId, agentId] of late) await rest('/v1/mutations/assignDelivery', { deliveryId, agentId });
    }

    await Promise.all(phones.map((phone) => phone.settle()));

    const books = await readBooks(database.href, 'pennco');
    const done = agents.length * (3 * each - 1);
    console.log(
      `${lost} confirmations lost by the restore, ${agents.length} of them in conflict: ${JSON.stringify(books)}`,
    );
    expect(books).toMatchObject({
      confirmed: done,
      receipts: { applied: done, dead: agents.length },
      unbalanced: 0,
      jobs: { sms: done, 'mfi-webhook': done },
    });
    expect(books.debitPaise).toBe(books.creditPaise);
    await withSql(database.href, async (sql) => {
      const dead =
        await sql`select args->>'deliveryId' as id, error->>'code' as code from sync.receipts where tenant = 'pennco' and status = 'dead' order by 1`;
      expect(dead.map(({ id, code }) => [id, code])).toEqual(conflicts.toSorted().map((id) => [id, 'after_restore']));
      for (const [at, phone] of phones.entries()) {
        const table =
          await sql`select id, status, receipt_no from deliveries where tenant = 'pennco' and agent_id = ${agents[at] ?? ''} order by id`;
        expect(await phone.refusals()).toEqual(['after_restore']);
        expect(await phone.shown()).toEqual(table.map(({ id, status, receipt_no }) => [id, status, receipt_no]));
      }
    });
  },
);

interface TestPhone {
  confirm(due: readonly Due[]): Promise<void>;
  /** Until everything has an outcome and the rows are there. */
  settle(): Promise<void>;
  /** Codes of what the person is told had no effect. */
  refusals(): Promise<string[]>;
  /** Deliveries as [id, status, receipt number], by id. */
  shown(): Promise<unknown[]>;
}

async function sdkPhone(agent: string, url: string): Promise<TestPhone> {
  const client: Client<FieldOpsModel> = await createClient({
    model,
    url,
    actor: { tenant: 'pennco', id: agent },
    token: () => token(agent, 'agent'),
    store: memoryStore(),
    optimistic,
  });
  closing.push(() => client.close());
  const settle = async () => {
    for (let quiet = 0; quiet < 2;) {
      try {
        await client.sync();
        const open = (await client.readMutations()).filter(({ state }) => state === 'saved' || state === 'sent');
        quiet = open.length === 0 ? quiet + 1 : 0;
      } catch {
        await sleep(200);
      }
    }
  };
  return {
    async confirm(due) {
      for (const { id, amountPaise } of due) {
        await client.mutate('confirmDelivery', {
          deliveryId: id,
          amountPaise,
          confirmedAt: '2026-11-23T05:00:00.000Z',
        });
      }
      await settle();
    },
    settle,
    async refusals() {
      return (await client.deadLetters.read()).map(({ error }) => error?.code ?? 'none');
    },
    async shown() {
      const rows = await client.read('deliveries', { orderBy: 'id' });
      return rows.map(({ id, status, receiptNo }) => [id, status, receiptNo]);
    },
  };
}

async function barePhone(agent: string, url: string): Promise<TestPhone> {
  const phone = new KeepingPhone(url, await token(agent, 'agent'));
  return {
    async confirm(due) {
      for (const delivery of due) phone.do(confirm(delivery));
      await phone.settle();
    },
    settle: () => phone.settle(),
    refusals: () => Promise.resolve(phone.outcomes.flatMap(({ error }) => (error ? [error.code] : []))),
    shown() {
      const rows = [...phone.replica.rows].filter(([path]) => path.startsWith('deliveries/')).map(([, row]) => row);
      return Promise.resolve(rows.map(({ id, status, receiptNo }) => [id, status, receiptNo]));
    },
  };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
