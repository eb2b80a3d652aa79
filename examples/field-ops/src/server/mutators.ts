import type { Actor, MutationContext, Mutators } from '@ekbaar/server';
import { and, eq, lte, sql } from 'drizzle-orm';
import { describeFailure } from '../failure.ts';
import type { FieldOpsModel } from '../model.ts';
import { confirmDelivery } from './confirm-delivery.ts';
import { lockDelivery, refusalOfOpen } from './delivery.ts';
import { dayTotals } from './ledger.ts';
import { agentPositions, agents, agentTrack, dayClosings, deliveries, disbursements } from './tables.ts';
import { indiaDay } from '../india-day.ts';

export const mutators: Mutators<FieldOpsModel> = {
  confirmDelivery,

  failDelivery: {
    roles: ['agent'],
    async run(context, args) {
      const delivery = await lockDelivery(context, args.deliveryId);
      const refusal = refusalOfOpen(delivery, args.deliveryId, context.actor.id);
      if (refusal !== undefined) return context.reject(refusal.code, refusal.message, refusal.details);
      await context.db
        .update(deliveries)
        .set({ status: 'failed', failReason: describeFailure(args) })
        .where(and(eq(deliveries.tenant, context.tenant), eq(deliveries.id, args.deliveryId)));
      return undefined;
    },
  },

  recordLocation: {
    roles: ['agent'],
    async run({ db, tenant, actor, key, now }, { lat, lng, accuracyM, at: saidAt }) {
      const at = notAfter(now, saidAt);
      // Without a receipt the key stops no second try, as of a phone that took a new client id: it finds its own trace.
      // By its key alone, whatever the time in it: one that lay in the future is another at the second try.
      const traces = await db
        .select({ at: agentTrack.at })
        .from(agentTrack)
        .where(and(eq(agentTrack.tenant, tenant), eq(agentTrack.agentId, actor.id), eq(agentTrack.key, key)));
      const trace = { tenant, agentId: actor.id, key, lat, lng, accuracyM, at };
      if (traces.length === 0) await db.insert(agentTrack).values(trace).onConflictDoNothing();
      const [agent] = await db
        .select({ regionId: agents.regionId })
        .from(agents)
        .where(and(eq(agents.tenant, tenant), eq(agents.id, actor.id)));
      if (agent === undefined) return undefined;
      const position = { lat, lng, accuracyM, at, regionId: agent.regionId };
      await db
        .insert(agentPositions)
        .values({ tenant, agentId: actor.id, ...position })
        // An older ping that comes late belongs to the track, not on the map, unless what stands there was made up.
        .onConflictDoUpdate({
          target: [agentPositions.tenant, agentPositions.agentId],
          set: position,
          setWhere: sql`${lte(agentPositions.at, at)} or exists (
            select from ${agentTrack} t where t.tenant = ${tenant} and t.agent_id = ${actor.id}
              and t.at = ${agentPositions.at} and t.demo)`,
        });
      return undefined;
    },
  },

  assignDelivery: {
    roles: ['ops'],
    async run(context, { deliveryId, agentId }) {
      await overseenPendingDelivery(context, deliveryId);
      const [agent] = await context.db
        .select({ active: agents.active, regionId: agents.regionId })
        .from(agents)
        .where(and(eq(agents.tenant, context.tenant), eq(agents.id, agentId)));
      // Of another region's agents is not told which there are.
      if (agent?.active !== true || !overseesRegion(context.actor, agent.regionId))
        return context.reject('no_such_agent', `There is no active agent ${agentId}`);
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
    async run({ db, tenant, actor, now, reject }, { date: said, ...counted }) {
      const date = notAfterToday(now, said);
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

/** A pending delivery of a region that the actor oversees, locked. */
async function overseenPendingDelivery(context: MutationContext<'not_found' | 'not_pending'>, id: string) {
  const delivery = await lockDelivery(context, id);
  if (delivery === undefined || !overseesRegion(context.actor, delivery.regionId)) {
    return context.reject('not_found', `There is no delivery ${id}`);
  }
  if (delivery.status !== 'pending') return context.reject('not_pending', `Delivery ${id} is ${delivery.status}`);
  return delivery;
}

/** A device's time is evidence, never order: one in the future counts as now. */
function notAfter(now: Date, said: string): Date {
  return new Date(Math.min(Date.parse(said), now.getTime()));
}

/** The same of a day; a phone whose clock is ahead closes the day that it is. */
function notAfterToday(now: Date, said: string): string {
  const day = indiaDay(now);
  return said > day ? day : said;
}

/** The regions that an ops person's token names; `*` is all of the tenant's. */
export function regionsOf(actor: Actor): readonly string[] {
  const { regions } = actor.claims;
  return Array.isArray(regions) ? regions.filter((region): region is string => typeof region === 'string') : [];
}

/** Whether an ops person's token names the region. */
export function overseesRegion(actor: Actor, regionId: string): boolean {
  const regions = regionsOf(actor);
  return regions.includes('*') || regions.includes(regionId);
}
