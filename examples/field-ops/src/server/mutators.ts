import type { Actor, MutationContext, Mutators } from '@ekbaar/server';
import { and, eq, lte } from 'drizzle-orm';
import { describeFailure } from '../failure.ts';
import type { FieldOpsModel } from '../model.ts';
import { dayTotals, postDelivery } from './ledger.ts';
import { receiptNumber } from './receipt-number.ts';
import { agentPositions, agents, agentTrack, dayClosings, deliveries, disbursements } from './tables.ts';

export const mutators: Mutators<FieldOpsModel> = {
  confirmDelivery: {
    roles: ['agent'],
    async onceBy(context, { deliveryId }) {
      const delivery = await lockDelivery(context, deliveryId);
      // Whose delivery it is not, learns nothing of it; a disbursement is guarded by its own status.
      if (delivery?.agentId !== context.actor.id || delivery.kind !== 'collection') return null;
      if (delivery.instalmentNo === null) return null;
      return `${delivery.loanId}/${delivery.instalmentNo}`;
    },
    publicResult: ({ receiptNo }) => ({ receiptNo }),
    async run(context, args) {
      const delivery = await ownOpenDelivery(context, args.deliveryId);
      if (delivery.amountPaise !== args.amountPaise) {
        return context.reject(
          'amount_mismatch',
          `Delivery ${delivery.id} is of ${delivery.amountPaise} paise, not ${args.amountPaise}`,
          {
            expectedPaise: delivery.amountPaise,
          },
        );
      }
      const receiptNo = receiptNumber(context.key);
      const confirmedAt = notAfter(context.now, args.confirmedAt);
      await context.db
        .update(deliveries)
        .set({ status: 'confirmed', confirmedAt, receiptNo, failReason: null })
        .where(and(eq(deliveries.tenant, context.tenant), eq(deliveries.id, delivery.id)));
      if (delivery.kind === 'disbursement') {
        await context.db
          .update(disbursements)
          .set({ status: 'disbursed' })
          .where(and(eq(disbursements.tenant, context.tenant), eq(disbursements.deliveryId, delivery.id)));
      }
      await postDelivery(context.db, delivery, context.key, confirmedAt);
      const message = { deliveryId: delivery.id, kind: delivery.kind, amountPaise: delivery.amountPaise, receiptNo };
      await context.enqueue('sms', { ...message, to: delivery.customerPhone });
      await context.enqueue('mfi-webhook', {
        ...message,
        mfiId: delivery.mfiId,
        loanId: delivery.loanId,
        instalmentNo: delivery.instalmentNo,
      });
      return { receiptNo };
    },
  },

  failDelivery: {
    roles: ['agent'],
    async run(context, args) {
      const delivery = await ownOpenDelivery(context, args.deliveryId);
      await context.db
        .update(deliveries)
        .set({ status: 'failed', failReason: describeFailure(args) })
        .where(and(eq(deliveries.tenant, context.tenant), eq(deliveries.id, delivery.id)));
      return undefined;
    },
  },

  recordLocation: {
    roles: ['agent'],
    async run({ db, tenant, actor, key, now }, { lat, lng, accuracyM, at: saidAt }) {
      const at = notAfter(now, saidAt);
      // Without a receipt the key stops no second try, as of a phone that took a new client id: it finds its own trace.
      const trace = { tenant, agentId: actor.id, key, lat, lng, accuracyM, at };
      await db.insert(agentTrack).values(trace).onConflictDoNothing();
      const [agent] = await db
        .select({ regionId: agents.regionId })
        .from(agents)
        .where(and(eq(agents.tenant, tenant), eq(agents.id, actor.id)));
      if (agent === undefined) return undefined;
      const position = { lat, lng, accuracyM, at, regionId: agent.regionId };
      await db
        .insert(agentPositions)
        .values({ tenant, agentId: actor.id, ...position })
        // An older ping that comes late belongs to the track, not on the map.
        .onConflictDoUpdate({
          target: [agentPositions.tenant, agentPositions.agentId],
          set: position,
          setWhere: lte(agentPositions.at, at),
        });
      return undefined;
    },
  },

  assignDelivery: {
    roles: ['ops'],
    async run(context, { deliveryId, agentId }) {
      await overseenPendingDelivery(context, deliveryId);
      const [agent] = await context.db
        .select({ active: agents.active })
        .from(agents)
        .where(and(eq(agents.tenant, context.tenant), eq(agents.id, agentId)));
      if (agent?.active !== true) return context.reject('no_such_agent', `There is no active agent ${agentId}`);
      await context.db
        .update(deliveries)
        .set({ agentId })
        .where(and(eq(deliveries.tenant, context.tenant), eq(deliveries.id, deliveryId)));
      return undefined;
    },
  },

  cancelDelivery: {
    roles: ['ops'],
    async run(context, { deliveryId, reason }) {
      await overseenPendingDelivery(context, deliveryId);
      await context.db
        .update(deliveries)
        .set({ status: 'cancelled', failReason: reason })
        .where(and(eq(deliveries.tenant, context.tenant), eq(deliveries.id, deliveryId)));
      return undefined;
    },
  },

  reconcileDisbursement: {
    roles: ['settlement'],
    async run(context, { disbursementId, bankRef, amountPaise }) {
      const own = and(eq(disbursements.tenant, context.tenant), eq(disbursements.id, disbursementId));
      const [found] = await context.db.select().from(disbursements).where(own).for('update');
      if (found === undefined) return context.reject('not_found', `There is no disbursement ${disbursementId}`);
      if (found.status === 'reconciled') {
        return context.reject('already_reconciled', `Disbursement ${disbursementId} was reconciled before`, {
          bankRef: found.bankRef,
        });
      }
      if (found.status === 'open')
        return context.reject('not_disbursed', `Disbursement ${disbursementId} has not been paid out yet`);
      const status = found.amountPaise === amountPaise ? 'reconciled' : 'mismatch';
      await context.db.update(disbursements).set({ status, bankRef, reconciledAt: context.now }).where(own);
      return { status };
    },
  },

  closeDay: {
    roles: ['agent'],
    async run({ db, tenant, actor, now, reject }, { date, ...counted }) {
      const ledger = await dayTotals(db, tenant, actor.id, date);
      const closed = await db
        .insert(dayClosings)
        .values({
          ...{ tenant, agentId: actor.id, date, closedAt: now, ...counted },
          ...{
            ledgerCollectedPaise: ledger.collectedPaise,
            ledgerDisbursedPaise: ledger.disbursedPaise,
            ledgerCount: ledger.count,
          },
        })
        .onConflictDoNothing()
        .returning();
      if (closed.length === 0) return reject('already_closed', `The day ${date} was closed before`);
      return {
        differences: {
          collectedPaise: counted.collectedPaise - ledger.collectedPaise,
          disbursedPaise: counted.disbursedPaise - ledger.disbursedPaise,
          count: counted.count - ledger.count,
        },
      };
    },
  },
};

/** The agent's own delivery, locked, unless it is confirmed or cancelled already. */
async function ownOpenDelivery(
  context: MutationContext<'not_found' | 'not_assigned' | 'already_confirmed' | 'cancelled'>,
  id: string,
) {
  const delivery = await lockDelivery(context, id);
  if (delivery === undefined) return context.reject('not_found', `There is no delivery ${id}`);
  const { status, receiptNo } = delivery;
  if (delivery.agentId !== context.actor.id) return context.reject('not_assigned', `Delivery ${id} is not yours`);
  if (status === 'confirmed') {
    return context.reject('already_confirmed', `Delivery ${id} was confirmed before`, { receiptNo });
  }
  if (status === 'cancelled') return context.reject('cancelled', `Delivery ${id} was cancelled`);
  return delivery;
}

/** A pending delivery of a region that the actor oversees, locked. */
async function overseenPendingDelivery(context: MutationContext<'not_found' | 'not_pending'>, id: string) {
  const delivery = await lockDelivery(context, id);
  if (delivery === undefined || !overseesRegion(context.actor, delivery.regionId)) {
    return context.reject('not_found', `There is no delivery ${id}`);
  }
  if (delivery.status !== 'pending') return context.reject('not_pending', `Delivery ${id} is ${delivery.status}`);
  return delivery;
}

/** The delivery, locked until the transaction ends: what is decided on it stays true. */
async function lockDelivery({ db, tenant }: Pick<MutationContext<never>, 'db' | 'tenant'>, id: string) {
  const [delivery] = await db
    .select()
    .from(deliveries)
    .where(and(eq(deliveries.tenant, tenant), eq(deliveries.id, id)))
    .for('update');
  return delivery;
}

/** A device's time is evidence, never order: one in the future counts as now. */
function notAfter(now: Date, said: string): Date {
  return new Date(Math.min(Date.parse(said), now.getTime()));
}

/** The regions that an ops person's token names; `*` is all of the tenant's. */
export function regionsOf(actor: Actor): readonly string[] {
  const { regions } = actor.claims;
  return Array.isArray(regions) ? regions.filter((region): region is string => typeof region === 'string') : [];
}

function overseesRegion(actor: Actor, regionId: string): boolean {
  const regions = regionsOf(actor);
  return regions.includes('*') || regions.includes(regionId);
}
