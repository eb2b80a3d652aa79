import type { Sql } from 'postgres';

/** A disbursement, as far as a bank knows of it. */
export interface Paid {
  readonly id: string;
  readonly loanId: string;
  readonly deliveryId: string;
  readonly amountPaise: number;
}

const day = '22/11/2026';

/** `1,23,456.50`. */
export function indian(paise: number): string {
  const [last = '', ...rest] =
    String(Math.floor(paise / 100))
      .match(/\d{1,3}$|\d+(?=\d{3}$)/g)
      ?.toReversed() ?? [];
  const groups = (rest[0] ?? '').replace(/\B(?=(?:\d{2})+$)/g, ',');
  return `${groups === '' ? '' : `${groups},`}${last}.${String(paise % 100).padStart(2, '0')}`;
}

/** What the bank does to one of the day's disbursements, by its place in the day. */
export const troubles = {
  wrong: [1, 2],
  missing: [3, 4, 5],
  twice: [6],
  paidAgain: [7],
  returned: [8],
  early: [9],
} as const;

/** The lines of a bank's day, below `header`, in a bank's several ways of naming a payment. */
export function bankLinesOf(paid: readonly Paid[]): string[] {
  const has = (trouble: keyof typeof troubles, at: number) => (troubles[trouble] as readonly number[]).includes(at);
  const lines = paid.flatMap((one, at) => {
    if (has('missing', at)) return [];
    const amount = indian(one.amountPaise + (has('wrong', at) ? 10_000 : 0));
    const reference = at % 4 === 0 ? one.id : '';
    const names = [one.loanId, one.loanId.replaceAll('-', ''), `Delivery ${one.deliveryId}`];
    const narration = at % 4 === 0 ? 'payout' : `NEFT/${names[(at % 4) - 1]}/customer`;
    const line = (ref: string, type = 'DR') => `${day};${ref};${reference};${narration};"₹ ${amount}";${type}`;
    const own = line(`UTR${at}`);
    if (has('twice', at)) return [own, own];
    if (has('paidAgain', at)) return [own, line(`AGAIN${at}`)];
    if (has('returned', at)) return [own, line(`BACK${at}`, 'CR')];
    return [own];
  });
  return [...lines, `${day};X1;nobody-1;;500.00;DR`, `${day};X2;;;1,23,45.00;DR`, `31/02/2026;X3;b0001;;500.00;DR`];
}

const header = 'Value Date;UTR No;Ref No;Narration;Amount;Dr/Cr';

/** As the bank sends it: UTF-16, CRLF, a title above, a total below. */
export function bankFile(lines: readonly string[]): Uint8Array {
  const text = ['First Village Bank', '', header, ...lines, 'Total;;;;;', ''].join('\r\n');
  return Buffer.from(`\ufeff${text}`, 'utf16le');
}

/** Has agents report all disbursements of an operator as paid out on the demo day, but the early one. @returns all of them */
export async function payOut(sql: Sql, tenant: string): Promise<Paid[]> {
  const paid = await sql<Paid[]>`
    select id, loan_id as "loanId", delivery_id as "deliveryId", amount_paise::int8::float8 as "amountPaise" from disbursements where tenant = ${tenant} order by id`;
  const reported = paid.filter((_, at) => !(troubles.early as readonly number[]).includes(at)).map(({ id }) => id);
  await sql`update disbursements set status = 'disbursed' where tenant = ${tenant} and id = any(${reported})`;
  await sql`update deliveries v set status = 'confirmed', confirmed_at = '2026-11-22T18:00:00Z' from disbursements d
    where d.tenant = ${tenant} and v.tenant = d.tenant and v.id = d.delivery_id and d.status = 'disbursed'`;
  return paid;
}
