import { type Database, ProblemError, type Queryable, reading, rowsOf, textArray } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { AgentDay, AgentPage, type AgentPhone, type ListedAgent, type Position } from '../../record-answers.ts';
import { type Keyset, orderOf, pageOf, pastCursor } from './keyset.ts';
import { inRegions, type Overseer } from './overseer.ts';
import { indiaDay } from '../../india-day.ts';
import { Day } from '../values.ts';
import { Choice, Limit, listed, type RecordsApp, recordRoute, Text } from './record-route.ts';

const Query = z.object({
  ...{ region: Choice, q: z.optional(Text), limit: Limit, cursor: z.optional(z.string().check(z.maxLength(2000))) },
});
const byName: Keyset = {
  ...{ order: 'agents', column: sql`a.name`, type: 'text', id: sql`a.id`, descending: false },
};

/** Agents of the overseer's regions and their phones. */
export function agentList(app: RecordsApp, database: Database, clock: () => Date): void {
  recordRoute(app, {
    ...{ method: 'get', path: '/agents', summary: 'Agents and their phones, by name' },
    query: Query,
    answer: AgentPage,
    async run({ by, query }) {
      const { q = '', limit, cursor } = query;
      const regions = listed(query.region).filter((region) => region !== '');
      const where = [
        pastCursor(byName, cursor),
        ...(regions.length === 0 ? [] : [sql`a.region_id = any(${textArray(regions)})`]),
        ...(q === ''
          ? []
          : [sql`concat_ws(' ', a.name, a.id, a.phone) ilike ${`%${q.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`}`]),
      ];
      const rows = await agentRows(database, by, clock(), { where, limit });
      const page = pageOf(byName, rows, limit);
      return { agents: await withPhones(database.db, by.tenant, page.rows), next: page.next };
    },
  });
  recordRoute(app, {
    ...{ method: 'get', path: '/agents/:id', summary: 'An agent, their phones and where they were on a day' },
    query: z.object({ day: z.optional(Day) }),
    answer: AgentDay,
    async run({ by, path: { id = '' }, query }) {
      const rows = await agentRows(database, by, clock(), { where: [sql`a.id = ${id}`], limit: 1 });
      const [agent] = await withPhones(database.db, by.tenant, rows);
      if (agent === undefined) throw new ProblemError('not_found', `There is no agent ${id}`);
      const day = query.day ?? indiaDay(clock());
      const points = await reading(database, by.tenant, (tx) => trackOf(tx, by.tenant, id, day));
      const track = points.map(({ demo: _, ...point }) => point);
      return { agent, day, track, demo: points.some(({ demo }) => demo) };
    },
  });
}

type Row = Omit<ListedAgent, 'phones'> & { sort: string | null };

function agentRows(
  database: Database,
  by: Overseer,
  now: Date,
  { where, limit }: { where: readonly SQL[]; limit: number },
): Promise<Row[]> {
  const all = [sql`a.tenant = ${by.tenant}`, inRegions(sql`a.region_id`, by), ...where];
  const utc = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);
  return reading(database, by.tenant, (tx) =>
    rowsOf<Row>(
      tx,
      // The page first, so that only its agents are counted for.
      sql`with page as (
            select a.*, a.name as sort from agents a where ${sql.join([...all], sql` and `)} ${orderOf(byName, limit)}
          )
          select a.id, a.name, a.phone, a.region_id as "regionId", a.active, a.sort,
            coalesce(d.open, 0)::float8 as open, coalesce(d.overdue, 0)::float8 as overdue,
            coalesce(d.confirmed, 0)::float8 as confirmed, coalesce(d.failed, 0)::float8 as failed,
            coalesce(l.cash, 0)::float8 as "cashPaise", c.date::text as "closedDay",
            ${utc('r.server_at')} as "lastSeenAt",
            case when p.agent_id is null then null else
              json_build_object('lat', p.lat, 'lng', p.lng, 'accuracyM', p.accuracy_m, 'at', ${utc('p.at')}) end as position
          from page a
          left join lateral (
            select count(*) filter (where status = 'pending') as open,
              count(*) filter (where status = 'pending' and due_on < ${indiaDay(now)}::text::date) as overdue,
              count(*) filter (where status = 'confirmed') as confirmed, count(*) filter (where status = 'failed') as failed
            from deliveries where tenant = ${by.tenant} and agent_id = a.id) d on true
          left join lateral (
            select max(date) as date from day_closings where tenant = ${by.tenant} and agent_id = a.id) c on true
          left join lateral (
            select sum(case kind when 'debit' then amount_paise else -amount_paise end) as cash from ledger_entries
            where tenant = ${by.tenant} and account_id = 'agent_cash:' || a.id) l on true
          left join lateral (
            select server_at from sync.receipts where tenant = ${by.tenant} and actor = a.id
            order by server_at desc limit 1) r on true
          left join agent_positions p on p.tenant = ${by.tenant} and p.agent_id = a.id
          order by a.sort, a.id`,
    ),
  );
}

/** Identity's tables are closed to the engine's role: asked for as their owner, in the tenant. */
async function withPhones(db: Queryable, tenant: string, rows: readonly Row[]): Promise<ListedAgent[]> {
  const utc = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);
  const found = await rowsOf<AgentPhone & { accountId: string }>(
    db,
    sql`select id, account_id as "accountId", name, to_json(client_ids) as "clientIds", unsent, model,
          clock_error_ms::float8 as "clockErrorMs", ${utc('first_seen_at')} as "firstSeenAt",
          ${utc('last_seen_at')} as "lastSeenAt", ${utc('revoked_at')} as "revokedAt",
          revoked_by as "revokedBy", revoked_why as "revokedWhy"
        from phones where tenant = ${tenant} and account_id = any(${textArray(rows.map(({ id }) => id))})
        order by last_seen_at desc`,
  );
  return rows.map(({ sort: _, ...row }) => {
    const own = found.filter(({ accountId }) => accountId === row.id).map(({ accountId: _id, ...phone }) => phone);
    const seen = [row.lastSeenAt, ...own.map(({ lastSeenAt }) => lastSeenAt), row.position?.at ?? null];
    const lastSeenAt =
      seen
        .filter((at): at is string => at !== null)
        .toSorted()
        .at(-1) ?? null;
    return { ...row, lastSeenAt, phones: own };
  });
}

const mostPoints = 2000;

/** Where an agent was on a day, in order; of a long day every second or third point. */
function trackOf(
  tx: Queryable,
  tenant: string,
  agentId: string,
  day: string,
): Promise<(z.infer<typeof Position> & { demo: boolean })[]> {
  return rowsOf(
    tx,
    sql`with day as (
          select lat, lng, accuracy_m, at, demo, row_number() over (order by at) as n, count(*) over () as points
          from agent_track where tenant = ${tenant} and agent_id = ${agentId}
            and at >= (${day}::text::timestamp at time zone 'Asia/Kolkata')
            and at < ((${day}::text::timestamp + interval '1 day') at time zone 'Asia/Kolkata')
        )
        select lat, lng, accuracy_m as "accuracyM", demo, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
        from day where n % (1 + points / ${mostPoints}::int) = 0 or n = 1 or n = points order by n`,
  );
}
