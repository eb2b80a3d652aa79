import { type Database, ProblemError, reading, rowsOf, textArray } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { DeliveryStatus } from '../../model.ts';
import { DeliveryPage, type ListedDelivery } from '../../record-answers.ts';
import { type Keyset, orderOf, pageOf, pastCursor } from './keyset.ts';
import { inRegions, type Overseer } from './overseer.ts';
import { Day } from '../values.ts';
import { Choice, Limit, listed, type RecordsApp, recordRoute, Text } from './record-route.ts';

const sorts = {
  id: { column: sql`d.id`, type: 'text' },
  status: { column: sql`d.status`, type: 'text' },
  kind: { column: sql`d.kind`, type: 'text' },
  customerName: { column: sql`d.customer_name`, type: 'text' },
  village: { column: sql`d.village`, type: 'text' },
  regionId: { column: sql`d.region_id`, type: 'text' },
  agentName: { column: sql`coalesce(a.name, d.agent_id)`, type: 'text' },
  mfiId: { column: sql`d.mfi_id`, type: 'text' },
  amountPaise: { column: sql`d.amount_paise`, type: 'bigint' },
  dueOn: { column: sql`d.due_on`, type: 'date' },
  confirmedAt: { column: sql`d.confirmed_at`, type: 'timestamptz' },
} as const satisfies Record<string, Pick<Keyset, 'column' | 'type'>>;
type Sort = keyof typeof sorts;
const sortNames = Object.keys(sorts) as Sort[];
const orders = sortNames.flatMap((name) => [name, `-${name}`] as const);

const Paise = z.coerce.number().check(z.int(), z.nonnegative(), z.maximum(1e12));

/** What may be asked of the list. Of a filter that is given more than once, any value fits; `q` is words, all of which must be found. */
const DeliveryQuery = z.object({
  ...{ status: Choice, kind: Choice, region: Choice, agent: Choice, mfi: Choice },
  ...{ dueFrom: z.optional(Day), dueTo: z.optional(Day), confirmedOn: z.optional(Day) },
  ...{ amountFrom: z.optional(Paise), amountTo: z.optional(Paise), q: z.optional(Text) },
  sort: z._default(z.enum(orders as [string, ...string[]]), '-confirmedAt'),
  ...{ limit: Limit, cursor: z.optional(z.string().check(z.maxLength(2000))) },
});
type DeliveryQuery = z.infer<typeof DeliveryQuery>;

const mostWords = 8;

/** Deliveries of the overseer's regions, as any program may ask for them. */
export function deliveryList(app: RecordsApp, database: Database): void {
  recordRoute(app, {
    ...{ method: 'get', path: '/deliveries', summary: 'Deliveries by filters, search and order, in keyset pages' },
    query: DeliveryQuery,
    answer: DeliveryPage,
    run: ({ by, query }) => reading(database, by.tenant, (tx) => deliveryPage(tx, by, query)),
  });
}

async function deliveryPage(tx: Parameters<typeof rowsOf>[0], by: Overseer, query: DeliveryQuery) {
  const where = conditionsOf(by, query);
  const keyset = keysetOf(query.sort);
  const from = sql`deliveries d left join agents a on a.tenant = d.tenant and a.id = d.agent_id`;
  const rows = await rowsOf<ListedRow>(
    tx,
    sql`select ${columns}, ${keyset.column}::text as sort from ${from}
        where ${where} and ${pastCursor(keyset, query.cursor)} ${orderOf(keyset, query.limit)}`,
  );
  const page = pageOf(keyset, rows, query.limit);
  const totals = query.cursor === undefined || query.cursor === '' ? await totalsOf(tx, from, where) : null;
  return { rows: page.rows.map(shown), next: page.next, totals };
}

type ListedRow = Omit<ListedDelivery, 'amountPaise'> & { amountPaise: number | string; sort: string | null };

const utc = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** A delivery's columns under the names that clients know, `d` being the delivery and `a` its agent. */
export const columns = sql.raw(
  [
    ...['d.id', 'd.kind', 'd.status', 'd.agent_id as "agentId"', 'd.region_id as "regionId"', 'd.village', 'd.pincode'],
    ...['d.customer_name as "customerName"', 'd.customer_phone as "customerPhone"', 'd.mfi_id as "mfiId"'],
    ...['d.loan_id as "loanId"', 'd.instalment_no as "instalmentNo"', 'd.amount_paise::float8 as "amountPaise"'],
    ...['d.due_on::text as "dueOn"', `${utc('d.confirmed_at')} as "confirmedAt"`, 'd.receipt_no as "receiptNo"'],
    ...['d.fail_reason as "failReason"', 'coalesce(a.name, d.agent_id) as "agentName"'],
  ].join(', '),
);

export function shown({ sort: _, ...row }: ListedRow): ListedDelivery {
  return { ...row, amountPaise: Number(row.amountPaise) };
}

async function totalsOf(tx: Parameters<typeof rowsOf>[0], from: SQL, where: SQL) {
  const found = await rowsOf<{ status: string; count: number; amount: number }>(
    tx,
    sql`select d.status, count(*)::float8 as count, sum(d.amount_paise)::float8 as amount from ${from} where ${where} group by d.status`,
  );
  const totals = new Map(
    DeliveryStatus.options.map((status): [string, Total] => [status, { count: 0, amountPaise: 0 }]),
  );
  for (const { status, count, amount } of found)
    totals.set(status, { count: Number(count), amountPaise: Number(amount) });
  return Object.fromEntries(totals);
}

type Total = NonNullable<DeliveryPage['totals']>[string];

function keysetOf(sort: string): Keyset {
  const descending = sort.startsWith('-');
  const by = sorts[sort.replace(/^-/, '') as Sort];
  return { ...by, order: `deliveries ${sort}`, id: sql`d.id`, descending };
}

/** A question as it stands in an address. @throws ProblemError `malformed` */
export function readDeliveryQuery(text: string): DeliveryQuery {
  const parameters = new URLSearchParams(text);
  const given = [...new Set(parameters.keys())].map((name) => {
    const values = parameters.getAll(name);
    return [name, values.length === 1 ? values[0] : values] as const;
  });
  const parsed = DeliveryQuery.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const message = `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'unreadable'}`.slice(0, 500);
  throw new ProblemError('malformed', `That is no question to the list of deliveries: ${message}`, {
    issues: [{ path: 'filters.list', message }],
  });
}

/**
 * What a question to the list asks for, as SQL over `d`, the delivery, and `a`, its agent.
 *
 * @param by regions: null is all of them
 */
export function deliveryConditions(
  by: { readonly tenant: string; readonly regions: readonly string[] | null },
  text: string,
): SQL {
  return conditionsOf({ tenant: by.tenant, regions: by.regions ?? ['*'] }, readDeliveryQuery(text));
}

/** SQL for everything that the question asks for, within the tenant and the regions of whoever asks. */
function conditionsOf(by: Pick<Overseer, 'tenant' | 'regions'>, query: DeliveryQuery): SQL {
  const any = (column: SQL, choice: string | readonly string[] | undefined) => {
    const values = listed(choice).filter((value) => value !== '');
    return values.length === 0 ? [] : [sql`${column} = any(${textArray(values)})`];
  };
  const { dueFrom, dueTo, confirmedOn, amountFrom, amountTo, q = '' } = query;
  return sql.join(
    [
      sql`d.tenant = ${by.tenant}`,
      inRegions(sql`d.region_id`, by),
      ...any(sql`d.status`, query.status),
      ...any(sql`d.kind`, query.kind),
      ...any(sql`d.region_id`, query.region),
      ...any(sql`d.agent_id`, query.agent),
      ...any(sql`d.mfi_id`, query.mfi),
      ...(dueFrom === undefined ? [] : [sql`d.due_on >= ${dueFrom}::text::date`]),
      ...(dueTo === undefined ? [] : [sql`d.due_on <= ${dueTo}::text::date`]),
      ...(confirmedOn === undefined
        ? []
        : [
            sql`d.confirmed_at >= (${confirmedOn}::text::timestamp at time zone 'Asia/Kolkata')`,
            sql`d.confirmed_at < ((${confirmedOn}::text::timestamp + interval '1 day') at time zone 'Asia/Kolkata')`,
          ]),
      ...(amountFrom === undefined ? [] : [sql`d.amount_paise >= ${amountFrom}::float8`]),
      ...(amountTo === undefined ? [] : [sql`d.amount_paise <= ${amountTo}::float8`]),
      ...wordsOf(q).map((word) => sql`${searched} ilike ${`%${word}%`}`),
    ],
    sql` and `,
  );
}

const searched = sql.raw(
  "concat_ws(' ', d.customer_name, d.village, d.pincode, d.loan_id, d.receipt_no, a.name, d.customer_phone, d.id)",
);

/** What was typed, word by word, so that `%` and `_` are found as they stand. */
function wordsOf(typed: string): string[] {
  return typed
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, mostWords)
    .map((word) => word.replaceAll(/[\\%_]/g, String.raw`\$&`));
}
