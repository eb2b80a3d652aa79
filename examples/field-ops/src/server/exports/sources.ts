import { textArray } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import type { ExportFilters, ExportKind } from '../../export-answers.ts';
import { deliveryConditions } from '../records/delivery-list.ts';
import { settlementItems, settlementLines } from '../settlement/tables.ts';
import { agents, dayClosings, deliveries, disbursements, ledgerEntries } from '../tables.ts';

/**
 * What is in a column. `text` stays text, whatever it looks like: phone numbers, PIN codes, ids. `paise` is whole paise, and
 * rupees where people read it. `moment` is ISO 8601 in UTC, and the operator's time where people read it.
 */
export type CellType = 'text' | 'count' | 'paise' | 'moment' | 'day';

export interface ExportColumn {
  readonly name: string;
  readonly type: CellType;
}

/** Values in the order of the columns: text of `text`, `moment` and `day`; numbers of `count` and `paise`. */
export type ExportRow = readonly (string | number | null)[];

export interface ExportScope {
  readonly tenant: string;
  readonly filters: ExportFilters;
  /** null: all. */
  readonly regions: readonly string[] | null;
}

interface Source {
  readonly columns: readonly ExportColumn[];
  /** Gives one column `row`, a JSON array in the order of `columns`. In an order that the rows have anyway where there is one. */
  readonly rows: (scope: ExportScope) => SQL;
  /** It is not divided by regions: only who oversees all may have it. */
  readonly whole?: true;
}

const columns = (...named: `${string}:${CellType}`[]): ExportColumn[] =>
  named.map((one) => {
    const [name = '', type] = one.split(':');
    return { name, type: type as CellType };
  });
const utc = (column: SQL) => sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

function where(...conditions: (SQL | undefined)[]): SQL {
  return sql.join(
    conditions.filter((one) => one !== undefined),
    sql` and `,
  );
}
function inRegions(column: SQL, { regions, filters: { region } }: ExportScope): SQL {
  return where(
    region === undefined ? undefined : sql`${column} = ${region}`,
    regions === null ? undefined : sql`${column} = any(${textArray(regions)})`,
    sql`true`,
  );
}
/** @param asDay of the column: a day, or a moment of the operator's day */
function between(column: SQL, { from, to }: ExportFilters, asDay: 'day' | 'moment'): SQL {
  const bound = (day: SQL) => (asDay === 'day' ? day : sql`(${day}::timestamp at time zone 'Asia/Kolkata')`);
  return where(
    from === undefined ? undefined : sql`${column} >= ${bound(sql`${from}::date`)}`,
    to === undefined ? undefined : sql`${column} < ${bound(sql`(${to}::date + 1)`)}`,
    sql`true`,
  );
}
function is(column: SQL, value: string | undefined): SQL {
  return value === undefined ? sql`true` : sql`${column} = ${value}`;
}

export const sources: Readonly<Record<ExportKind, Source>> = {
  deliveries: {
    columns: columns(
      ...(['id:text', 'kind:text', 'status:text', 'agentId:text', 'regionId:text', 'village:text'] as const),
      ...(['pincode:text', 'customerName:text', 'customerPhone:text', 'mfiId:text', 'loanId:text'] as const),
      ...(['instalmentNo:count', 'amountPaise:paise', 'dueOn:day', 'confirmedAt:moment', 'receiptNo:text'] as const),
      'failReason:text',
    ),
    rows: (scope) => sql`
      select json_build_array(d.id, d.kind, d.status, d.agent_id, d.region_id, d.village, d.pincode, d.customer_name, d.customer_phone,
        d.mfi_id, d.loan_id, d.instalment_no, d.amount_paise, d.due_on, ${utc(sql`d.confirmed_at`)}, d.receipt_no, d.fail_reason) as row
      from ${deliveries} d left join ${agents} a on a.tenant = d.tenant and a.id = d.agent_id where ${where(
        ...[sql`d.tenant = ${scope.tenant}`, inRegions(sql`d.region_id`, scope)],
        ...[between(sql`d.due_on`, scope.filters, 'day'), is(sql`d.status`, scope.filters.status)],
        deliveryConditions(scope, scope.filters.list ?? ''),
      )} order by d.id`,
  },
  disbursements: {
    columns: columns(
      ...(['id:text', 'deliveryId:text', 'regionId:text', 'mfiId:text', 'loanId:text', 'amountPaise:paise'] as const),
      ...(['status:text', 'disbursedAt:moment', 'bankRef:text', 'reconciledAt:moment'] as const),
    ),
    rows: (scope) => sql`
      select json_build_array(d.id, d.delivery_id, d.region_id, d.mfi_id, d.loan_id, d.amount_paise, d.status,
        ${utc(sql`v.confirmed_at`)}, d.bank_ref, ${utc(sql`d.reconciled_at`)}) as row
      from ${disbursements} d left join ${deliveries} v on v.tenant = d.tenant and v.id = d.delivery_id
      where ${where(
        ...[sql`d.tenant = ${scope.tenant}`, inRegions(sql`d.region_id`, scope)],
        ...[between(sql`v.due_on`, scope.filters, 'day'), is(sql`d.status`, scope.filters.status)],
      )} order by d.id`,
  },
  ledger: {
    columns: columns(
      ...(['deliveryId:text', 'kind:text', 'accountId:text', 'amountPaise:paise', 'agentId:text'] as const),
      ...(['regionId:text', 'mfiId:text', 'loanId:text', 'at:moment', 'key:text'] as const),
    ),
    rows: (scope) => sql`
      select json_build_array(e.delivery_id, e.kind, e.account_id, e.amount_paise, e.agent_id, v.region_id, v.mfi_id, v.loan_id,
        ${utc(sql`e.at`)}, e.key) as row
      from ${ledgerEntries} e left join ${deliveries} v on v.tenant = e.tenant and v.id = e.delivery_id
      where ${where(
        ...[sql`e.tenant = ${scope.tenant}`, inRegions(sql`v.region_id`, scope)],
        ...[between(sql`e.at`, scope.filters, 'moment'), is(sql`e.kind`, scope.filters.status)],
      )} order by e.delivery_id, e.kind`,
  },
  'day-closings': {
    columns: columns(
      ...(['date:day', 'agentId:text', 'agentName:text', 'regionId:text', 'collectedPaise:paise'] as const),
      ...(['disbursedPaise:paise', 'count:count', 'ledgerCollectedPaise:paise', 'ledgerDisbursedPaise:paise'] as const),
      ...(['ledgerCount:count', 'collectedDifferencePaise:paise', 'disbursedDifferencePaise:paise'] as const),
      'closedAt:moment',
    ),
    rows: (scope) => sql`
      select json_build_array(c.date, c.agent_id, a.name, a.region_id, c.collected_paise, c.disbursed_paise, c.count,
        c.ledger_collected_paise, c.ledger_disbursed_paise, c.ledger_count, c.collected_paise - c.ledger_collected_paise,
        c.disbursed_paise - c.ledger_disbursed_paise, ${utc(sql`c.closed_at`)}) as row
      from ${dayClosings} c left join ${agents} a on a.tenant = c.tenant and a.id = c.agent_id
      where ${where(
        ...[sql`c.tenant = ${scope.tenant}`, inRegions(sql`a.region_id`, scope)],
        between(sql`c.date`, scope.filters, 'day'),
      )} order by c.agent_id, c.date`,
  },
  audit: {
    whole: true,
    columns: columns(
      ...(['at:moment', 'actor:text', 'role:text', 'action:text', 'subject:text', 'status:text'] as const),
      ...(['code:text', 'deviceAt:moment', 'details:text'] as const),
    ),
    rows: ({ tenant, filters }) => sql`
      select json_build_array(${utc(sql`x.at`)}, x.actor, x.role, x.action, x.subject, x.status, x.code,
        ${utc(sql`x.device_at`)}, x.details) as row
      from (
        select r.server_at as at, r.actor, r.role, r.name as action, r.key::text as subject, r.status,
          r.error->>'code' as code, r.device_at, r.args::text as details
        from sync.receipts r where ${where(
          ...[
            sql`r.tenant = ${tenant}`,
            between(sql`r.server_at`, filters, 'moment'),
            is(sql`r.status`, filters.status),
          ],
        )}
        union all
        select a.at, a.actor, 'ops', a.action, a.subject::text, 'done', null, null, a.details::text
        from sync.audit a where ${where(
          ...[sql`a.tenant = ${tenant}`, between(sql`a.at`, filters, 'moment')],
          is(sql`'done'`, filters.status),
        )}
        union all
        select i.at, i.actor, null, i.event, i.subject, 'done', null, null,
          json_strip_nulls(json_build_object('phone', i.phone_id, 'address', i.address, 'detail', i.detail))::text
        from identity_audit_of_tenant i where ${where(
          ...[sql`i.tenant = ${tenant}`, between(sql`i.at`, filters, 'moment')],
          is(sql`'done'`, filters.status),
        )}
      ) x order by x.at, x.subject`,
  },
  'settlement-disbursements': {
    whole: true,
    columns: columns(
      ...([
        'disbursementId:text',
        'group:text',
        'regionId:text',
        'mfiId:text',
        'loanId:text',
        'ourPaise:paise',
      ] as const),
      ...([
        'bankPaise:paise',
        'extraPaise:paise',
        'returnedPaise:paise',
        'bankRef:text',
        'line:count',
        'outcome:text',
      ] as const),
    ),
    rows: ({ tenant, filters: { runId, status } }) => sql`
      select json_build_array(i.disbursement_id, i.item_group, i.region_id, i.mfi_id, i.loan_id, i.our_paise, i.bank_paise,
        i.extra_paise, i.returned_paise, i.bank_ref, i.line_no, i.outcome) as row
      from ${settlementItems} i where ${where(
        ...[sql`i.tenant = ${tenant}`, sql`i.run_id = ${runId ?? null}::uuid`, is(sql`i.item_group`, status)],
      )} order by i.disbursement_id`,
  },
  'settlement-lines': {
    whole: true,
    columns: columns(
      ...([
        'line:count',
        'group:text',
        'why:text',
        'disbursementId:text',
        'bankRef:text',
        'amountPaise:paise',
      ] as const),
      ...(['side:text', 'day:day', 'raw:text'] as const),
    ),
    rows: ({ tenant, filters: { runId, status } }) => sql`
      select json_build_array(l.no, l.line_group, l.why, l.disbursement_id, l.bank_ref, l.amount_paise, l.side, l.day, l.raw) as row
      from ${settlementLines} l where ${where(
        ...[sql`l.tenant = ${tenant}`, sql`l.run_id = ${runId ?? null}::uuid`, is(sql`l.line_group`, status)],
      )} order by l.no`,
  },
};
