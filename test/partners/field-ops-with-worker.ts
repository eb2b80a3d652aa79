import { nodePlatform, openDatabase } from '@ekbaar/server';
import postgres from 'postgres';
import { expect } from 'vitest';
import { type JobWorker, startWorker } from '../../examples/field-ops/src/server/jobs/job-worker.ts';
import { openProviders } from '../../examples/field-ops/src/server/jobs/providers.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { freshDatabase } from '../support/postgres.ts';
import { ObedientOutside } from './obedient-outside.ts';

/** What the MFI `bfil` signs with that tells pennco something. */
export const mfiSecret = `whsec_${Buffer.alloc(24, 3).toString('base64')}`;
/** What pennco's bank signs with. */
export const razorpaySecret = 'razorpay-secret';

const allowedAddresses = ['127.0.0.0/8'];

interface Message {
  readonly id: string;
  readonly channel: string;
  readonly status: string;
  readonly to: string;
  readonly attempts: number;
  readonly lastError: string | null;
}

/** The field operation on a database of its own, with the worker that does its jobs and what that one talks to. */
export interface FieldOpsWithWorker extends FieldOps {
  readonly worker: JobWorker;
  readonly outside: ObedientOutside;
  readonly sql: postgres.Sql;
  /** Confirms the next open delivery of a tenant; gives its id, and the MFI it is of. */
  confirm(
    tenant?: string,
    mfi?: string,
  ): Promise<{ id: string; agent: string; amount: number; mfi: string; key: string }>;
  /** A token of operations with all regions. */
  ops(tenant?: string): Promise<string>;
  messages(query: string, tenant?: string): Promise<Message[]>;
}

export async function startWithWorker(): Promise<FieldOpsWithWorker> {
  const outside = await ObedientOutside.open();
  const config = providersAt(outside.url);
  const pg = await freshDatabase();
  const fieldOps = await startFieldOps({ url: pg.url, outside: { providers: config, allowedAddresses } });
  const sql = postgres(pg.url, { onnotice: () => {} });
  // No patience in tests.
  await sql`update pgboss.queue set retry_delay = 1, retry_delay_max = 1, retry_limit = 2 where name not like '%-dead'`;
  const database = await openDatabase({ url: pg.url, connections: 4 });
  const providers = openProviders({
    ...{ config, development: false, allowedAddresses, db: database.db, clock: nodePlatform.clock, timeoutMs: 2000 },
  });
  const worker = await startWorker({
    ...{ database, engine: fieldOps.server.engine },
    providers,
    platform: { ...nodePlatform, log: { info: () => {}, error: () => {} } },
    concurrency: 4,
    ...{ trackDays: 92, auditDays: 400 },
    pollSeconds: 0.5,
  });
  const ops = (tenant = 'pennco') => fieldOps.token('ops', 'ops', tenant);
  return {
    ...fieldOps,
    ...{ worker, outside, sql, ops },
    async confirm(tenant = 'pennco', mfi) {
      const [row] = await sql<{ id: string; agent: string; amount: number; mfi: string }[]>`
        select id, agent_id as agent, amount_paise::int as amount, mfi_id as mfi from deliveries
        where tenant = ${tenant} and status = 'pending' ${mfi === undefined ? sql`` : sql`and mfi_id = ${mfi}`} order by id limit 1`;
      if (row === undefined) throw new Error('no delivery is left');
      const args = { deliveryId: row.id, amountPaise: row.amount, confirmedAt: '2026-11-22T10:00:00Z' };
      const actor = { tenant, id: row.agent, role: 'agent', claims: {} };
      const key = crypto.randomUUID();
      const { outcome } = await fieldOps.server.engine.mutate(actor, { key, name: 'confirmDelivery', args });
      expect(outcome.status).toBe('applied');
      return { ...row, key };
    },
    async messages(query, tenant) {
      const answer = await fieldOps.get(`/api/v1/messages?${query}`, await ops(tenant));
      expect(answer.status).toBe(200);
      return (answer.body as { messages: Message[] }).messages;
    },
    async close() {
      await worker.stop();
      await fieldOps.close();
      await database.close();
      await sql.end();
      outside.close();
      await pg.drop();
    },
  };
}

function providersAt(url: string) {
  const sms = {
    ...{ kind: 'http' as const, url: `${url}/sms`, body: { to: '{to}', text: '{text}' }, headers: {} },
    ...{ encoding: 'json' as const, idField: 'id', afterUnknown: 'repeat' as const },
  };
  const payment = {
    ...{ kind: 'razorpay' as const, baseUrl: `${url}/razorpay`, keyId: 'id', keySecret: 'secret' },
    ...{ accountNumber: '1', mode: 'IMPS' as const, webhookSecret: razorpaySecret },
  };
  return {
    pennco: { sms, payment, texts: {}, incoming: { sms: [], mfi: { bfil: [mfiSecret] } } },
    vishi: { sms, texts: {}, incoming: { sms: [], mfi: {} } },
  };
}
