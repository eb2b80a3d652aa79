import { type Database, type Queryable, reading } from '@ekbaar/server';
import { and, eq, sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { readReceipt, receiptCheck, receiptLines } from '../receipt-text.ts';
import { type OpsApp, opsRoute } from './jobs/ops-route.ts';
import { overseesRegion } from './mutators.ts';
import { operators } from './operators.ts';
import { receiptNumber } from './receipt-number.ts';
import { deliveries, ledgerEntries } from './tables.ts';

const Scanned = z.object({ text: z.string().check(z.minLength(1), z.maxLength(2000)) });
const Verdict = z.object({
  /** `genuine`: the books have it, word for word. `unconfirmed`: a phone may not have sent it yet. `altered`: nobody of ours wrote this. */
  verdict: z.enum(['genuine', 'unconfirmed', 'altered', 'unreadable']),
  receiptNo: z.nullable(z.string()),
  amountPaise: z.nullable(z.int()),
});

/** `POST /api/v1/receipts/check`: whether a receipt that a customer shows is one of ours, and what the books have. */
export function receiptCheckRoute(who: Omit<OpsApp, 'mayUse'>, database: Database): void {
  opsRoute(
    { ...who, mayUse: { inWords: 'ops', includes: ({ role }) => role === 'ops' } },
    {
      method: 'post',
      path: '/api/v1/receipts/check',
      summary: 'Whether the text of a receipt’s QR code is genuine',
      body: Scanned,
      answer: Verdict,
      async run({ actor, body }): Promise<z.infer<typeof Verdict>> {
        const nothing = { receiptNo: null, amountPaise: null };
        const receipt = readReceipt(body.text);
        if (receipt === null) return { verdict: 'unreadable', ...nothing };
        const { tenant } = actor;
        const found = await reading(database, tenant, (tx) => confirmationOf(tx, tenant, receipt.deliveryId));
        // What another region's people confirmed is not told.
        if (found === undefined || !overseesRegion(actor, found.regionId))
          return { verdict: 'unconfirmed', ...nothing };
        const receiptNo = receiptNumber(found.key);
        const { key, amountPaise } = found;
        const operator = operators.find((one) => one.tenant === tenant)?.name ?? tenant;
        const lines = receiptLines({ ...found, receiptNo, operator });
        // The agent's phone knows the key, and can write a check for whatever it likes: the lines are those of the books.
        const genuine =
          lines.join('\n') === receipt.lines.join('\n') && (await receiptCheck(lines, key)) === receipt.check;
        return { verdict: genuine ? 'genuine' : 'altered', receiptNo, amountPaise };
      },
    },
  );
}

/** What the books have of a confirmed delivery: the money as it was moved, and when the phone said that it was. */
async function confirmationOf(tx: Queryable, tenant: string, id: string) {
  const [found] = await tx
    .select({
      ...{ regionId: deliveries.regionId, deliveryId: deliveries.id, kind: deliveries.kind },
      ...{ loanId: deliveries.loanId, instalmentNo: deliveries.instalmentNo },
      ...{ key: ledgerEntries.key, amountPaise: ledgerEntries.amountPaise, at: ledgerEntries.at },
      // A time in the future counts as the server's now, and stands on the receipt as the phone said it.
      said: sql<string | null>`(select args->>'confirmedAt' from sync.receipts
        where tenant = ${tenant} and key = ${ledgerEntries.key})`,
    })
    .from(ledgerEntries)
    .innerJoin(deliveries, and(eq(deliveries.tenant, tenant), eq(deliveries.id, ledgerEntries.deliveryId)))
    .where(
      and(...[eq(ledgerEntries.tenant, tenant), eq(ledgerEntries.deliveryId, id)], eq(ledgerEntries.kind, 'debit')),
    );
  return found === undefined ? undefined : { ...found, confirmedAt: found.said ?? found.at.toISOString() };
}
