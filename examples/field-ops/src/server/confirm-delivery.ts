import {
  jsonParameter,
  type MutationContext,
  type Mutators,
  type Queryable,
  type RunOutcome,
  textArray,
} from '@ekbaar/server';
import { and, eq, sql } from 'drizzle-orm';
import { DeliveryKind, type FieldOpsModel } from '../model.ts';
import { type Delivery, lockDelivery, lockDeliveries, refusalOfOpen, unheardOf } from './delivery.ts';
import { postDeliveries } from './ledger.ts';
import { requestPayouts } from './jobs/request-payouts.ts';
import { receiptNumber } from './receipt-number.ts';
import { deliveries, disbursements } from './tables.ts';

type ConfirmDelivery = Mutators<FieldOpsModel>['confirmDelivery'];

/** A confirmation that passed every check. */
interface Confirmation {
  readonly delivery: Delivery;
  readonly key: string;
  readonly receiptNo: string;
  readonly confirmedAt: Date;
}

/** The money changes hands: the delivery, its ledger pair and the messages, in one transaction. */
export const confirmDelivery: ConfirmDelivery = {
  roles: ['agent'],
  onceBy: async (context, { deliveryId }) => instalmentOf(await lockDelivery(context, deliveryId), context.actor.id),
  publicResult: ({ receiptNo }) => ({ receiptNo }),
  async run(context, args) {
    const delivery = await lockDelivery(context, args.deliveryId);
    const refusal = refusalOf(delivery, args, context.actor.id);
    if (refusal !== undefined) return context.reject(refusal.code, refusal.message, refusal.details);
    const confirmation = confirmationOf(delivery as Delivery, context.key, args.confirmedAt, context.now);
    await write(context, [confirmation], (queue, jobs) =>
      Promise.all(jobs.map((job) => context.enqueue(queue, job))).then(() => {}),
    );
    return { receiptNo: confirmation.receiptNo };
  },
  batch: {
    async onceBy(context, items) {
      const found = await lockDeliveries(
        context,
        items.map(({ args }) => args.deliveryId),
      );
      return items.map(({ args, actor }) => instalmentOf(found.get(args.deliveryId), actor.id));
    },
    async run(context, items) {
      const ids = items.map(({ args }) => args.deliveryId);
      // The second of one delivery sees what the first did.
      if (new Set(ids).size < ids.length) return context.oneByOne();
      const found = await lockDeliveries(context, ids);
      const confirmations: Confirmation[] = [];
      const outcomes = items.map(({ args, key, actor }): RunOutcome<{ receiptNo: string }, Refusal['code']> => {
        const delivery = found.get(args.deliveryId);
        const reject = refusalOf(delivery, args, actor.id);
        if (reject !== undefined) return { reject };
        const confirmation = confirmationOf(delivery as Delivery, key, args.confirmedAt, context.now);
        confirmations.push(confirmation);
        return { result: { receiptNo: confirmation.receiptNo } };
      });
      if (confirmations.length > 0) await write(context, confirmations, context.enqueueAll);
      return outcomes;
    },
  },
};

/** What a collection uses up; a disbursement is guarded by its own status. */
function instalmentOf(delivery: Delivery | undefined, agentId: string): string | null {
  // Whose delivery it is not, learns nothing of it.
  if (delivery?.agentId !== agentId || delivery.kind !== 'collection' || delivery.instalmentNo === null) return null;
  return `${delivery.loanId}/${delivery.instalmentNo}`;
}

type Refusal = NonNullable<ReturnType<typeof refusalOf>>;

/** @throws Error for a kind of another program's own: which way its money goes is not to be guessed */
function refusalOf(delivery: Delivery | undefined, args: { deliveryId: string; amountPaise: number }, agentId: string) {
  const refusal = refusalOfOpen(delivery, args.deliveryId, agentId);
  if (refusal !== undefined || delivery === undefined) return refusal;
  if (!DeliveryKind.safeParse(delivery.kind).success) throw unheardOf(delivery.id, delivery.kind);
  if (delivery.amountPaise === args.amountPaise) return undefined;
  return {
    code: 'amount_mismatch' as const,
    message: `Delivery ${delivery.id} is of ${delivery.amountPaise} paise, not ${args.amountPaise}`,
    details: { expectedPaise: delivery.amountPaise },
  };
}

function confirmationOf(delivery: Delivery, key: string, said: string, now: Date): Confirmation {
  // A device's time is evidence, never order: one in the future counts as now.
  const confirmedAt = new Date(Math.min(Date.parse(said), now.getTime()));
  return { delivery, key, receiptNo: receiptNumber(key), confirmedAt };
}

type Enqueue = (queue: string, jobs: readonly ({ key: string } & Record<string, unknown>)[]) => Promise<void>;

async function write(
  { db, tenant, now }: Pick<MutationContext, 'db' | 'tenant' | 'now'>,
  confirmations: readonly Confirmation[],
  enqueue: Enqueue,
): Promise<void> {
  const rows = confirmations.map(({ delivery, receiptNo, confirmedAt }) => ({
    id: delivery.id,
    receiptNo,
    confirmedAt,
  }));
  const messages = confirmations.map(({ delivery: { id, kind, amountPaise }, key, receiptNo }) => ({
    ...{ key, deliveryId: id, kind, amountPaise, receiptNo },
  }));
  const paidOut = confirmations.filter(({ delivery }) => delivery.kind === 'disbursement');
  // None waits for another's answer: they go to the database together.
  await Promise.all([
    db.execute(
      sql`update ${deliveries} set status = 'confirmed', confirmed_at = c."confirmedAt", receipt_no = c."receiptNo", fail_reason = null
          from json_to_recordset(${jsonParameter(rows)}) as c (id text, "receiptNo" text, "confirmedAt" timestamptz)
          where ${deliveries.tenant} = ${tenant} and ${deliveries.id} = c.id`,
    ),
    paidOut.length === 0 ? undefined : markPaidOut(db, tenant, paidOut),
    paidOut.length === 0 ? undefined : requestPayouts(db, tenant, paidOut, now, enqueue),
    postDeliveries(db, tenant, confirmations),
    enqueue(
      'sms',
      messages.map((message, at) => ({ ...message, to: confirmations[at]?.delivery.customerPhone })),
    ),
    enqueue(
      'mfi-webhook',
      messages.map((message, at) => {
        const { mfiId, loanId, instalmentNo } = confirmations[at]?.delivery ?? {};
        return { ...message, mfiId, loanId, instalmentNo };
      }),
    ),
  ]);
}

function markPaidOut(db: Queryable, tenant: string, paidOut: readonly Confirmation[]) {
  const ids = paidOut.map(({ delivery }) => delivery.id);
  return db
    .update(disbursements)
    .set({ status: 'disbursed' })
    .where(and(eq(disbursements.tenant, tenant), sql`${disbursements.deliveryId} = any(${textArray(ids)})`));
}
