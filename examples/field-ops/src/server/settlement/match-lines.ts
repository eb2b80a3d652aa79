import { type Queryable, rowsOf, textArray } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import { deliveries, disbursements } from '../tables.ts';
import { type Posting, postKey } from './post-key.ts';
import { idsNamed } from './references.ts';
import { type HeldRun, setRun, step, stepInSnapshot } from './run-store.ts';
import { paidOutAfter, summaryOf } from './summary.ts';
import { settlementItems, settlementLines } from './tables.ts';

const linesPerStep = 500;

/** Finds the disbursement that each line names, and says so in the line. Comes to the same however often it is done. */
export async function findDisbursements(held: HeldRun): Promise<void> {
  const { tenant, id } = held;
  for (let after = 0; ;) {
    const last = await step(held, async (tx) => {
      const lines = await rowsOf<{ no: number; reference: string; narration: string }>(
        tx,
        sql`select no, reference, narration from ${settlementLines}
            where tenant = ${tenant} and run_id = ${id} and kind = 'payment' and no > ${after} order by no limit ${linesPerStep}`,
      );
      if (lines.length === 0) return undefined;
      const found = await namedBy(tx, tenant, lines);
      const text = (values: readonly (string | null)[]) => textArray(values.map((value) => value ?? ''));
      await tx.execute(
        sql`update ${settlementLines} l set disbursement_id = nullif(f.disbursement, ''), why = nullif(f.why, '')
            from unnest(${text(lines.map(({ no }) => String(no)))}, ${text(found.map((one) => one.id))}, ${text(found.map((one) => one.why))})
              as f(no, disbursement, why)
            where l.tenant = ${tenant} and l.run_id = ${id} and l.no = f.no::int`,
      );
      return lines.at(-1)?.no;
    });
    if (last === undefined) return;
    after = last;
  }
}

interface Named {
  readonly id: string | null;
  readonly why: string | null;
}

async function namedBy(
  tx: Queryable,
  tenant: string,
  lines: readonly { reference: string; narration: string }[],
): Promise<Named[]> {
  const ids = lines.map(idsNamed);
  const all = textArray([...new Set(ids.flat())]);
  const plain = (column: SQL) => sql`upper(regexp_replace(${column}, '[^A-Za-z0-9]', '', 'g'))`;
  // Its own, its loan's, and its delivery's: the last is what our payouts carry.
  const rows = await rowsOf<{ id: string; named: string }>(
    tx,
    sql.join(
      [sql`id`, sql`loan_id`, sql`delivery_id`].map(
        (column) =>
          sql`select id, ${plain(column)} as named from ${disbursements}
              where tenant = ${tenant} and ${plain(column)} = any(${all})`,
      ),
      sql` union all `,
    ),
  );
  const byName = Map.groupBy(rows, ({ named }) => named);
  return ids.map((candidates) => {
    const hits = candidates.filter((candidate) => byName.has(candidate));
    // What stands within a longer id that we know is a part of that one.
    const whole = hits.filter((hit) => !hits.some((other) => other.length > hit.length && other.includes(hit)));
    const named = [...new Set(whole.flatMap((hit) => byName.get(hit)?.map(({ id }) => id) ?? []))];
    if (named.length === 1) return { id: named[0] ?? null, why: null };
    if (named.length === 0) return { id: null, why: 'it names no disbursement, loan or delivery of ours' };
    const some = named.toSorted().slice(0, 3).join(', ');
    return { id: null, why: `it names ${named.length} disbursements: ${some}${named.length > 3 ? ' …' : ''}` };
  });
}

/**
 * Puts each line and each disbursement into its group, in one snapshot of the books, and adds up. Looks only at what the
 * books say now, so that a run that is done again after it has posted comes to the same: what it posted bears the bank's
 * reference.
 */
export async function sortIntoGroups(held: HeldRun, finishedAt: Date): Promise<void> {
  const { tenant, id } = held;
  await stepInSnapshot(held, async (tx, run) => {
    await tx.execute(sql`set local statement_timeout = '10min'`);
    const own = sql`l.tenant = ${tenant} and l.run_id = ${id}`;
    const upTo = run.upTo ?? '9999-12-31';
    await tx.execute(
      sql`update ${settlementLines} l set line_group = g.line_group, why = coalesce(g.why, l.why) from (${lineGroupsOf(own)}) g
          where ${own} and l.no = g.no`,
    );
    await tx.execute(sql`create temporary table settlement_found on commit drop as ${itemsOf(own, tenant, id, upTo)}`);
    const found = await rowsOf<Omit<Posting, 'tenant'>>(
      tx,
      sql`select f.disbursement_id as "disbursementId", f.our_paise::float8 as "ourPaise", f.content, coalesce(i.refusals, 0) as refusals
          from settlement_found f left join ${settlementItems} i
            on i.tenant = ${tenant} and i.run_id = ${id} and i.disbursement_id = f.disbursement_id
          where f.to_post`,
    );
    const keys = found.map((posting) => postKey({ tenant, ...posting }));
    const text = textArray;
    await tx.execute(
      sql`insert into ${settlementItems} as i
            (tenant, run_id, disbursement_id, item_group, region_id, mfi_id, loan_id, our_paise, line_no, bank_ref, bank_paise, extra_paise, returned_paise, key, content, to_post)
          select ${tenant}, ${id}::uuid, f.disbursement_id, f.item_group, f.region_id, f.mfi_id, f.loan_id, f.our_paise,
            f.line_no, f.bank_ref, f.bank_paise, f.extra_paise, f.returned_paise, k.key::uuid, case when k.key is not null then f.content end, f.to_post
          from settlement_found f
          left join unnest(${text(found.map(({ disbursementId }) => disbursementId))}, ${text(keys)}) as k(id, key) on k.id = f.disbursement_id
          on conflict (tenant, run_id, disbursement_id) do update set
            item_group = excluded.item_group, our_paise = excluded.our_paise, line_no = excluded.line_no,
            bank_ref = excluded.bank_ref, bank_paise = excluded.bank_paise, extra_paise = excluded.extra_paise,
            returned_paise = excluded.returned_paise, key = coalesce(excluded.key, i.key),
            content = coalesce(excluded.content, i.content),
            -- What has had its answer is not asked again, whatever it was, until ops have the run done again.
            to_post = excluded.to_post and (i.posted_at is null or i.key <> excluded.key),
            posted_at = case when excluded.key <> i.key then null else i.posted_at end,
            outcome = case when excluded.key <> i.key then null else i.outcome end`,
    );
    await tx.execute(
      sql`delete from ${settlementItems} i where i.tenant = ${tenant} and i.run_id = ${id}
          and not exists (select from settlement_found f where f.disbursement_id = i.disbursement_id)`,
    );
    const summary = await summaryOf(tx, tenant, id, upTo);
    const [open] = await rowsOf(
      tx,
      sql`select from ${settlementItems} where tenant = ${tenant} and run_id = ${id} and to_post limit 1`,
    );
    if (open === undefined) await setRun(tx, run, { state: 'done', summary, finishedAt, error: null });
    else await setRun(tx, run, { state: 'posting', summary });
  });
}

/** Of each line: its group, by what the books say of the disbursement that it names. */
function lineGroupsOf(own: SQL): SQL {
  return sql`
    with told as (
      select l.*, row_number() over (partition by l.content, l.kind order by l.no) as telling,
        d.status, d.amount_paise as ours, d.bank_ref as settled_by,
        -- Is it the payment that has settled it? The same content is. Else the bank's reference of it says so, which a whole
        -- batch may have: on the same day only, where we posted it ourselves and know the day.
        case when d.status <> 'reconciled' then 0
          when l.content = s.content then 2
          when l.bank_ref = d.bank_ref and l.amount_paise = d.amount_paise
            and (s.content is null or l.day is not distinct from s.day) then 1
          else 0 end as settles
      from ${settlementLines} l left join ${disbursements} d on d.tenant = l.tenant and d.id = l.disbursement_id
      left join lateral (${settlingLineOf(sql`d`)}) s on d.status = 'reconciled'
      where ${own}
    ), payments as (
      select t.no,
        bool_or(t.side = 'back') over (partition by t.disbursement_id) as came_back,
        -- Which of several payments counts: the one that settled it; the one with our amount; the first, in an order of
        -- what they say and not of where they stand.
        row_number() over (partition by t.disbursement_id, t.side order by
          t.settles desc, (t.amount_paise = t.ours) desc, (t.bank_ref is not distinct from t.settled_by) desc,
          t.day, t.bank_ref, t.amount_paise, t.content) as choice
      from told t where t.telling = 1 and t.disbursement_id is not null
    )
    select t.no,
      case
        when t.kind = 'layout' then 'layout'
        when t.telling > 1 then 'doubled'
        when t.kind = 'unreadable' then 'unreadable'
        when t.disbursement_id is null then 'unknown'
        when p.came_back then 'returned'
        when p.choice > 1 then 'doubled'
        when t.status = 'open' then 'early'
        when t.status = 'reconciled' and t.settles = 0 then 'doubled'
        when t.amount_paise = t.ours then 'matched'
        else 'mismatched'
      end as line_group,
      case
        when t.kind = 'layout' then null
        when t.telling > 1 then 'the same line stands in the file before'
        when t.disbursement_id is null then null
        when p.came_back then null
        when p.choice > 1 then 'paid again: another line of this file pays the same disbursement'
        when t.status = 'reconciled' and t.settles = 0
          then 'paid again: ' || coalesce(t.settled_by, 'another payment') || ' settled it before'
      end as why
    from told t left join payments p on p.no = t.no`;
}

/** The line by which we had the disbursement `d` reconciled; none when another program did. */
function settlingLineOf(d: SQL): SQL {
  return sql`
    select i.content, p.day from ${settlementItems} i left join ${settlementLines} p
      on p.tenant = i.tenant and p.run_id = i.run_id and p.content = i.content and p.kind = 'payment'
    where i.tenant = ${d}.tenant and i.disbursement_id = ${d}.id and i.outcome = 'reconciled'
    order by i.posted_at desc limit 1`;
}

/** The lines without those that only say the same again. */
function firstTellings(own: SQL): SQL {
  return sql`select distinct on (l.content, l.kind) l.* from ${settlementLines} l where ${own} order by l.content, l.kind, l.no`;
}

/** Of each disbursement that the file names or lacks: its group and its money. */
function itemsOf(own: SQL, tenant: string, runId: string, upTo: string): SQL {
  return sql`
    with named as (
      select l.disbursement_id,
        -- The line that counts: the only one of the disbursement that is none of the doubled.
        min(l.no) filter (where l.line_group in ('matched', 'mismatched', 'early')) as counting,
        (array_agg(l.no order by l.day, l.bank_ref, l.amount_paise, l.content) filter (where l.line_group = 'doubled'))[1] as again,
        bool_or(l.line_group = 'returned') as came_back,
        coalesce(sum(l.amount_paise) filter (where l.line_group = 'doubled'), 0) as extra,
        sum(l.amount_paise) filter (where l.side = 'out' and l.line_group = 'returned') as gone,
        coalesce(sum(l.amount_paise) filter (where l.side = 'back'), 0) as back
      from (${firstTellings(own)}) l where l.disbursement_id is not null group by 1
    )
    select d.id as disbursement_id, d.region_id, d.mfi_id, d.loan_id, d.amount_paise as our_paise,
      c.no as line_no, c.bank_ref, case when n.came_back then n.gone else c.amount_paise end as bank_paise, c.content,
      n.extra - case when c.line_group = 'doubled' then c.amount_paise else 0 end as extra_paise, n.back as returned_paise,
      case when n.came_back then 'returned' else c.line_group end as item_group,
      (not n.came_back and c.no is not null and c.line_group in ('matched', 'mismatched')
        and (d.status = 'disbursed' or (d.status = 'mismatch' and not (d.bank_ref = c.bank_ref and c.line_group = 'mismatched')))) as to_post
    from named n
    join ${disbursements} d on d.tenant = ${tenant} and d.id = n.disbursement_id
    left join ${settlementLines} c on c.tenant = ${tenant} and c.run_id = ${runId} and not n.came_back
      and c.no = coalesce(n.counting, n.again)
    union all
    select d.id, d.region_id, d.mfi_id, d.loan_id, d.amount_paise, null, null, null, null, 0, 0, 'missing', false
    from ${disbursements} d left join ${deliveries} v on v.tenant = d.tenant and v.id = d.delivery_id
    where d.tenant = ${tenant} and d.status = 'disbursed' and not ${paidOutAfter(upTo)}
      and not exists (select from named n where n.disbursement_id = d.id)`;
}
