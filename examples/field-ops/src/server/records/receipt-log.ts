import { type Database, reading, rowsOf } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { type LoggedReceipt, ReceiptLogPage, receiptStatuses } from '../../record-answers.ts';
import { Moment } from '../values.ts';
import { type Keyset, orderOf, pageOf, pastCursor } from './keyset.ts';
import { overseesAll, type Overseer } from './overseer.ts';
import { Limit, type RecordsApp, recordRoute, Text } from './record-route.ts';

const utc = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const columns = sql.raw(
  [
    ...['r.key::text as key', 'r.name', 'r.args', 'r.actor', 'coalesce(a.name, r.actor) as "actorName"', 'r.role'],
    ...[
      'r.client_id as "clientId"',
      'r.mutation_id::float8 as "mutationId"',
      'r.model',
      'r.status',
      'r.result',
      'r.error',
    ],
    ...[`${utc('r.device_at')} as "deviceAt"`, `${utc('r.server_at')} as "serverAt"`],
    ...['r.clock_error_ms::float8 as "clockErrorMs"', `${utc('r.retried_at')} as "retriedAt"`],
    ...[`${utc('r.closed_at')} as "closedAt"`, 'r.close_reason as "closeReason"'],
    ...['coalesce(h.tries, 0) as tries', 'h.error as "lastError"'],
    ...['n.noted_by as "notedBy"', `${utc('n.noted_at')} as "notedAt"`, 'n.note'],
  ].join(', '),
);
const from = sql`sync.receipts r left join sync.halts h on h.tenant = r.tenant and h.key = r.key
                 left join rejection_notes n on n.tenant = r.tenant and n.key = r.key
                 left join agents a on a.tenant = r.tenant and a.id = r.actor and r.role = 'agent'`;

const Query = z.object({
  ...{ actor: z.optional(Text), name: z.optional(Text), status: z.optional(z.enum(receiptStatuses)) },
  ...{ from: z.optional(Moment), to: z.optional(Moment) },
  /** `true`: only what nobody of the office has noted anything about. */
  open: z.optional(z.stringbool()),
  /** In the args: a delivery's id, a loan's, an amount. */
  ...{ q: z.optional(Text), limit: Limit, cursor: z.optional(z.string().check(z.maxLength(2000))) },
});

/** What people did, as receipts have it: of agents of the overseer's regions, and of the overseer. */
export function receiptLog(app: RecordsApp, database: Database): void {
  recordRoute(app, {
    ...{ method: 'get', path: '/receipts', summary: 'What was done by whom, the newest first, within the own regions' },
    query: Query,
    answer: ReceiptLogPage,
    run: ({ by, query }) =>
      reading(database, by.tenant, async (tx) => {
        const { actor, name, status: outcome, q, open, limit, cursor } = query;
        const conditions = [
          ...[sql`r.tenant = ${by.tenant}`, ofRegions(by), pastCursor(byTime, cursor)],
          ...(actor === undefined ? [] : [sql`r.actor = ${actor}`]),
          ...(name === undefined ? [] : [sql`r.name = ${name}`]),
          ...(outcome === undefined ? [] : [sql`r.status = ${outcome}`]),
          ...(open === true ? [sql`n.key is null`] : []),
          ...(query.from === undefined ? [] : [sql`r.server_at >= ${query.from}::text::timestamptz`]),
          ...(query.to === undefined ? [] : [sql`r.server_at < ${query.to}::text::timestamptz`]),
          ...(q === undefined || q === ''
            ? []
            : [
                sql`(r.args::text ilike ${`%${q.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`} or r.key::text = lower(${q}))`,
              ]),
        ];
        const rows = await rowsOf<LoggedReceipt & { id: string; sort: string | null }>(
          tx,
          sql`select ${columns}, r.key::text as id, ${micros} as sort from ${from}
              where ${sql.join(conditions, sql` and `)} ${orderOf(byTime, limit)}`,
        );
        const page = pageOf(byTime, rows, limit);
        return { receipts: page.rows.map(({ id: _, sort: __, ...row }) => row), next: page.next };
      }),
  });
}

/** With microseconds, as PostgreSQL has them: two of one millisecond keep their order. */
const micros = sql`to_char(r.server_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
const byTime: Keyset = {
  ...{ order: 'receipts', column: sql`r.server_at`, type: 'timestamptz', id: sql`r.key::text`, descending: true },
};

/** Agents of the overseer's regions, and what the overseer did. */
export function ofRegions(by: Overseer): SQL {
  if (overseesAll(by)) return sql`true`;
  const list = sql.join([sql`''`, ...by.regions.map((region) => sql`${region}`)], sql`, `);
  return sql`(a.region_id in (${list}) or r.actor = ${by.id})`;
}

/** Everything that was asked for one delivery, in the order in which the server settled it. */
export function receiptsOfDelivery(
  tx: Parameters<typeof rowsOf>[0],
  tenant: string,
  id: string,
): Promise<LoggedReceipt[]> {
  return rowsOf<LoggedReceipt>(
    tx,
    // As the index is written (migration "records"), which finds them among millions.
    sql`select ${columns} from ${from}
        where r.tenant = ${tenant} and left(r.args ->> 'deliveryId', 100) = left(${id}, 100)
          and (r.args ->> 'deliveryId') is not null and (r.args ->> 'deliveryId') = ${id} order by r.server_at, r.key limit 500`,
  );
}
