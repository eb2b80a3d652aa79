import { type Queryable, rowsOf } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import type { Run } from './run-store.ts';
import { refusalIn } from './refusal.ts';
import type { ItemGroup, LineGroup } from '../../settlement-answers.ts';
import { settlementDecisions, settlementItems, settlementLines } from './tables.ts';

/** A line of a run, as ops see it. */
export interface LineRow {
  readonly no: number;
  readonly group: LineGroup;
  readonly raw: string;
  readonly why: string | null;
  readonly disbursementId: string | null;
  readonly bankRef: string | null;
  readonly amountPaise: number | null;
  readonly side: 'out' | 'back' | null;
  readonly day: string | null;
}

/** A disbursement of a run, as ops see it, with the newest decision about it. */
export interface ItemRow {
  readonly disbursementId: string;
  readonly group: ItemGroup;
  readonly regionId: string;
  readonly mfiId: string;
  readonly loanId: string;
  readonly ourPaise: number;
  readonly bankPaise: number | null;
  readonly extraPaise: number;
  readonly returnedPaise: number;
  readonly bankRef: string | null;
  readonly lineNo: number | null;
  readonly outcome: string | null;
  /** See `refusalIn`. */
  readonly refusal: string | null;
  readonly decisions: number;
  readonly decision: 'accepted' | 'contested' | null;
  readonly reason: string | null;
  readonly decidedBy: string | null;
}

export interface PageOf<Group, After> {
  readonly group: Group | undefined;
  readonly after: After | undefined;
  readonly limit: number;
}

const refusal = refusalIn(sql`i.outcome`, sql`i.item_group`);
/** Whether a decision was made on what is found now: more money, paid or come back since, is not covered by it. */
const sameFinding = sql`(d.item_group, d.bank_ref, d.our_paise, d.bank_paise, d.extra_paise, d.returned_paise, d.refusal)
  is not distinct from (i.item_group, i.bank_ref, i.our_paise, i.bank_paise, i.extra_paise, i.returned_paise, ${refusal})`;

/** Lines by their place in the file. */
export function linePage(
  tx: Queryable,
  { tenant, id }: Pick<Run, 'tenant' | 'id'>,
  { group, after = 0, limit }: PageOf<LineGroup, number>,
): Promise<LineRow[]> {
  return rowsOf<LineRow>(
    tx,
    sql`select no, line_group as group, raw, why, disbursement_id as "disbursementId", bank_ref as "bankRef",
          amount_paise::float8 as "amountPaise", side, day::text as day
        from ${settlementLines} where tenant = ${tenant} and run_id = ${id} and no > ${after}
          and line_group ${group === undefined ? sql`is not null` : sql`= ${group}`}
        order by no limit ${limit}`,
  );
}

/** Disbursements by id. @param open only those that do not fit, or that the books do not have, and that nobody has accepted */
export function itemPage(
  tx: Queryable,
  { tenant, id }: Pick<Run, 'tenant' | 'id'>,
  { group, after = '', limit, open = false }: PageOf<ItemGroup, string> & { readonly open?: boolean },
): Promise<ItemRow[]> {
  const conditions: SQL[] = [sql`i.tenant = ${tenant} and i.run_id = ${id} and i.disbursement_id > ${after}`];
  if (group !== undefined) conditions.push(sql`i.item_group = ${group}`);
  if (open)
    conditions.push(
      sql`(i.item_group <> 'matched' or i.extra_paise > 0 or ${refusal} is not null)
          and not (d.decision is not distinct from 'accepted' and ${sameFinding})`,
    );
  return rowsOf<ItemRow>(
    tx,
    sql`select i.disbursement_id as "disbursementId", i.item_group as group, i.region_id as "regionId", i.mfi_id as "mfiId",
          i.loan_id as "loanId", i.our_paise::float8 as "ourPaise", i.bank_paise::float8 as "bankPaise",
          i.extra_paise::float8 as "extraPaise", i.returned_paise::float8 as "returnedPaise", i.bank_ref as "bankRef",
          i.line_no as "lineNo", i.outcome, ${refusal} as refusal, coalesce(d.no, 0) as decisions, d.decision, d.reason, d.decided_by as "decidedBy"
        from ${settlementItems} i left join lateral (
          select * from ${settlementDecisions} e where e.tenant = i.tenant and e.disbursement_id = i.disbursement_id
          order by e.no desc limit 1) d on true
        where ${sql.join(conditions, sql` and `)} order by i.disbursement_id limit ${limit}`,
  );
}
