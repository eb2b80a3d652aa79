/**
 * The day close of agents: what each counted at the end of a day, beside what the ledger has of that day, now and when
 * the day was closed; who has not closed yet; how much cash each carries.
 *
 *   day-report.ts  reads it   routes.ts  shows it
 */
import { type Queryable, rowsOf, textArray } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import type { DayState } from '../../day-close-answers.ts';
import { agents, dayClosings, deliveries, ledgerAccounts, ledgerEntries } from '../tables.ts';

/** An agent's day. Money is whole paise. */
export interface AgentDay {
  readonly agentId: string;
  readonly name: string;
  readonly regionId: string;
  readonly state: DayState;
  readonly closedAt: string | null;
  readonly countedCollectedPaise: number | null;
  readonly countedDisbursedPaise: number | null;
  readonly countedCount: number | null;
  /** The ledger as it is now; a phone that was away may have sent more since the day was closed. */
  readonly ledgerCollectedPaise: number;
  readonly ledgerDisbursedPaise: number;
  readonly ledgerCount: number;
  /** Counted minus what the ledger has now; null while the day is open. */
  readonly collectedDifferencePaise: number | null;
  readonly disbursedDifferencePaise: number | null;
  readonly countDifference: number | null;
  /** How many entries of that day came after it was closed. */
  readonly late: number | null;
  /** Deliveries of that day that are still pending. */
  readonly pending: number;
  /** What the ledger says the agent carries at the end of that day: below zero when the agent has paid out more. */
  readonly cashPaise: number;
}

/** A region's day, the sums of its agents'. */
export interface RegionDay {
  readonly regionId: string;
  readonly agents: number;
  readonly fits: number;
  readonly differs: number;
  readonly open: number;
  readonly idle: number;
  readonly pending: number;
  readonly ledgerCollectedPaise: number;
  readonly ledgerDisbursedPaise: number;
  readonly ledgerCount: number;
  readonly collectedDifferencePaise: number;
  readonly disbursedDifferencePaise: number;
  readonly cashPaise: number;
}

export interface DayRequest {
  readonly tenant: string;
  /** `YYYY-MM-DD`, a day of the operator's time zone. */
  readonly date: string;
  /** Only these regions; undefined: all. */
  readonly regions: readonly string[] | undefined;
}

/** Agents by id. @param state only those */
export function agentDays(
  tx: Queryable,
  request: DayRequest,
  { state, after = '', limit }: { state: DayState | undefined; after: string | undefined; limit: number },
): Promise<AgentDay[]> {
  return rowsOf<AgentDay>(
    tx,
    sql`select * from (${daysOf(request, after)}) d ${state === undefined ? sql`` : sql`where d.state = ${state}`}
        order by d."agentId" limit ${limit}`,
  );
}

export function regionDays(tx: Queryable, request: DayRequest): Promise<RegionDay[]> {
  const count = (state: DayState) => sql`count(*) filter (where state = ${state})::int`;
  return rowsOf<RegionDay>(
    tx,
    sql`select "regionId", count(*)::int as agents, ${count('fits')} as fits, ${count('differs')} as differs,
          ${count('open')} as open, ${count('idle')} as idle, sum(pending)::int as pending,
          sum("ledgerCollectedPaise")::float8 as "ledgerCollectedPaise", sum("ledgerDisbursedPaise")::float8 as "ledgerDisbursedPaise",
          sum("ledgerCount")::int as "ledgerCount",
          coalesce(sum("collectedDifferencePaise"), 0)::float8 as "collectedDifferencePaise",
          coalesce(sum("disbursedDifferencePaise"), 0)::float8 as "disbursedDifferencePaise", sum("cashPaise")::float8 as "cashPaise"
        from (${daysOf(request, '')}) d group by "regionId" order by "regionId"`,
  );
}

/**
 * Agents who are active, and those who are not but have something of that day: those too whose row is gone, since the ledger
 * still has their cash. Of which region they were nobody knows, so only who oversees all sees them, under none.
 */
function daysOf({ tenant, date, regions }: DayRequest, after: string): SQL {
  const start = sql`(${date}::date::timestamp at time zone 'Asia/Kolkata')`;
  const end = sql`((${date}::date + 1)::timestamp at time zone 'Asia/Kolkata')`;
  const seen = regions === undefined ? sql`true` : sql`a.region_id = any(${textArray(regions)})`;
  return sql`
    with own as (
      select a.id, a.name, a.region_id, a.active from ${agents} a where a.tenant = ${tenant} and a.id > ${after} and ${seen}
      ${regions === undefined ? goneAgents(tenant, after) : sql``}
    ), cash as (
      select e.agent_id,
        sum(e.amount_paise) filter (where e.kind = 'debit' and e.at >= ${start}) as collected,
        sum(e.amount_paise) filter (where e.kind = 'credit' and e.at >= ${start}) as disbursed,
        count(*) filter (where e.at >= ${start}) as entries,
        sum(case e.kind when 'debit' then e.amount_paise else -e.amount_paise end) as carried
      from ${ledgerEntries} e join own on own.id = e.agent_id
      where e.tenant = ${tenant} and e.at < ${end} and e.account_id = 'agent_cash:' || e.agent_id
      group by e.agent_id
    ), waiting as (
      select v.agent_id, count(*) as pending from ${deliveries} v join own on own.id = v.agent_id
      where v.tenant = ${tenant} and v.due_on = ${date}::date and v.status = 'pending' group by v.agent_id
    ), days as (
      select o.*, c.closed_at, c.collected_paise, c.disbursed_paise, c.count as counted, c.ledger_count as ledger_then,
        coalesce(m.collected, 0) as collected, coalesce(m.disbursed, 0) as disbursed, coalesce(m.entries, 0) as entries,
        coalesce(m.carried, 0) as carried, coalesce(w.pending, 0) as pending
      from own o
      left join ${dayClosings} c on c.tenant = ${tenant} and c.agent_id = o.id and c.date = ${date}::date
      left join cash m on m.agent_id = o.id
      left join waiting w on w.agent_id = o.id
      where o.active or c.agent_id is not null or m.entries > 0 or m.carried <> 0
    )
    select id as "agentId", name, region_id as "regionId",
      case
        when closed_at is not null then case when collected_paise = collected and disbursed_paise = disbursed and counted = entries
          then 'fits' else 'differs' end
        when entries > 0 or pending > 0 then 'open' else 'idle'
      end as state,
      to_char(closed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "closedAt",
      collected_paise::float8 as "countedCollectedPaise", disbursed_paise::float8 as "countedDisbursedPaise", counted as "countedCount",
      collected::float8 as "ledgerCollectedPaise", disbursed::float8 as "ledgerDisbursedPaise", entries::int as "ledgerCount",
      (collected_paise - collected)::float8 as "collectedDifferencePaise",
      (disbursed_paise - disbursed)::float8 as "disbursedDifferencePaise", (counted - entries)::int as "countDifference",
      (entries - ledger_then)::int as late, pending::int as pending, carried::float8 as "cashPaise"
    from days`;
}

/** Of whom there is an account in the ledger and no row any more. */
function goneAgents(tenant: string, after: string): SQL {
  return sql`
    union all
    select g.id, g.id, '', false
    from (select substr(id, length('agent_cash:') + 1) as id from ${ledgerAccounts} where tenant = ${tenant} and kind = 'agent_cash') g
    where g.id > ${after} and not exists (select from ${agents} a where a.tenant = ${tenant} and a.id = g.id)`;
}
