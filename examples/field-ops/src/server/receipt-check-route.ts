import { type Database, reading } from '@ekbaar/server';
import { and, eq } from 'drizzle-orm';
import * as z from 'zod/mini';
import { readReceipt, receiptCheck } from '../receipt-text.ts';
import { type OpsApp, opsRoute } from './jobs/ops-route.ts';
import { overseesRegion } from './mutators.ts';
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
    { ...who, mayUse: ({ role }) => role === 'ops' },
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
        const [found] = await reading(database, tenant, (tx) =>
          tx
            .select({ regionId: deliveries.regionId, key: ledgerEntries.key, amountPaise: ledgerEntries.amountPaise })
            .from(ledgerEntries)
            .innerJoin(deliveries, and(eq(deliveries.tenant, tenant), eq(deliveries.id, ledgerEntries.deliveryId)))
            .where(
              and(
                ...[eq(ledgerEntries.tenant, tenant), eq(ledgerEntries.deliveryId, receipt.deliveryId)],
                eq(ledgerEntries.kind, 'debit'),
              ),
            ),
        );
        // What another region's people confirmed is not told.
        if (found === undefined || !overseesRegion(actor, found.regionId))
          return { verdict: 'unconfirmed', ...nothing };
        const genuine = (await receiptCheck(receipt.lines, found.key)) === receipt.check;
        const { amountPaise } = found;
        return { verdict: genuine ? 'genuine' : 'altered', receiptNo: receiptNumber(found.key), amountPaise };
      },
    },
  );
}
