import { type Database, ProblemError, type Queryable, reading, rowsOf, textArray } from '@ekbaar/server';
import { and, eq, sql } from 'drizzle-orm';
import type * as z from 'zod/mini';
import { type ByHand, DeliveryHistory, type OutgoingMessage } from '../../record-answers.ts';
import { phones } from '../identity/tables.ts';
import { disbursements, ledgerEntries } from '../tables.ts';
import { columns, shown } from './delivery-list.ts';
import { inRegions, type Overseer } from './overseer.ts';
import { receiptsOfDelivery } from './receipt-log.ts';
import { type RecordsApp, recordRoute } from './record-route.ts';

/** All that is known of one delivery. */
export function deliveryHistory(app: RecordsApp, database: Database): void {
  recordRoute(app, {
    ...{ method: 'get', path: '/deliveries/:id', summary: 'A delivery with its full history' },
    answer: DeliveryHistory,
    async run({ by, path: { id = '' } }) {
      const found = await reading(database, by.tenant, (tx) => historyOf(tx, by, id));
      if (found === undefined) throw new ProblemError('not_found', `There is no delivery ${id}`);
      const clientIds = [...new Set(found.receipts.flatMap(({ clientId }) => clientId ?? []))];
      return { ...found, phones: await phonesOf(database.db, by.tenant, clientIds) };
    },
  });
}

async function historyOf(tx: Queryable, by: Overseer, id: string) {
  const [row] = await rowsOf<Parameters<typeof shown>[0]>(
    tx,
    sql`select ${columns} from deliveries d left join agents a on a.tenant = d.tenant and a.id = d.agent_id
        where d.tenant = ${by.tenant} and d.id = ${id} and ${inRegions(sql`d.region_id`, by)}`,
  );
  if (row === undefined) return undefined;
  const receipts = await receiptsOfDelivery(tx, by.tenant, id);
  const entries = await tx
    .select()
    .from(ledgerEntries)
    .where(and(eq(ledgerEntries.tenant, by.tenant), eq(ledgerEntries.deliveryId, id)));
  const [bank] = await tx
    .select()
    .from(disbursements)
    .where(and(eq(disbursements.tenant, by.tenant), eq(disbursements.deliveryId, id)));
  return {
    delivery: shown(row),
    receipts,
    ledger: entries.map(({ kind, accountId, amountPaise, at }) => ({
      kind,
      accountId,
      amountPaise,
      at: at.toISOString(),
    })),
    messages: await messagesOf(tx, by.tenant, id),
    byHand: await byHandTo(
      tx,
      by.tenant,
      receipts.map(({ key }) => key),
    ),
    disbursement: bank === undefined ? null : { ...bank, reconciledAt: bank.reconciledAt?.toISOString() ?? null },
    agents: await agentNames(tx, by.tenant, [row.agentId, ...receipts.flatMap(({ args }) => agentIn(args))]),
  };
}

function agentIn(args: unknown): string[] {
  const agentId = (args as { agentId?: unknown } | null)?.agentId;
  return typeof agentId === 'string' ? [agentId] : [];
}

async function agentNames(tx: Queryable, tenant: string, ids: readonly string[]): Promise<Record<string, string>> {
  const rows = await rowsOf<{ id: string; name: string }>(
    tx,
    sql`select id, name from agents where tenant = ${tenant} and id = any(${textArray([...new Set(ids)])})`,
  );
  return Object.fromEntries(rows.map(({ id, name }) => [id, name]));
}

function byHandTo(tx: Queryable, tenant: string, keys: readonly string[]): Promise<z.infer<typeof ByHand>[]> {
  return rowsOf(
    tx,
    sql`select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, actor, action, subject, details
        from sync.audit where tenant = ${tenant} and subject = any(${textArray(keys)}) order by id`,
  );
}

/** The worker that sends messages keeps a row for each; where it was never set up, there is no such table. */
async function messagesOf(tx: Queryable, tenant: string, deliveryId: string) {
  const [table] = await rowsOf<{ there: boolean }>(
    tx,
    sql`select to_regclass('outgoing_messages') is not null as there`,
  );
  if (table?.there !== true) return null;
  return rowsOf<z.infer<typeof OutgoingMessage>>(
    tx,
    sql`select id::text as id, channel, status, provider, attempts, last_error as "lastError",
          -- Of numbers and accounts enough to tell two apart; an MFI's name or address is no secret.
          case channel when 'webhook' then recipient else '…' || right(recipient, 4) end as recipient,
          to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt",
          to_char(sent_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "sentAt"
        from outgoing_messages where tenant = ${tenant} and delivery_id = ${deliveryId} order by created_at limit 200`,
  );
}

/** Identity's tables are closed to the engine's role: asked for as their owner, in the tenant. */
async function phonesOf(db: Queryable, tenant: string, clientIds: readonly string[]) {
  if (clientIds.length === 0) return [];
  const rows = await db
    .select({ id: phones.id, name: phones.name, clientIds: phones.clientIds })
    .from(phones)
    .where(and(eq(phones.tenant, tenant), sql`${phones.clientIds} && ${textArray(clientIds)}`));
  return clientIds.flatMap((clientId) => {
    const phone = rows.find((row) => row.clientIds.includes(clientId));
    return phone === undefined ? [] : [{ clientId, phoneId: phone.id, name: phone.name }];
  });
}
