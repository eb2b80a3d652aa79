import { type MutationContext, type Queryable, textArray } from '@ekbaar/server';
import { and, eq, sql } from 'drizzle-orm';
import { DeliveryStatus } from '../model.ts';
import { deliveries } from './tables.ts';

export type Delivery = typeof deliveries.$inferSelect;

type Locking = Pick<MutationContext<never>, 'db' | 'tenant'>;

/** What each mutation has locked: `onceBy` and the mutator ask for the same rows, and only one of them writes. */
const locked = new WeakMap<Queryable, Map<string, Delivery>>();

/** The delivery, locked until the transaction ends: what is decided on it stays true. */
export async function lockDelivery(context: Locking, id: string): Promise<Delivery | undefined> {
  return (await lockDeliveries(context, [id])).get(id);
}

/** The same for many, by id. In one order for all, so that two runs cannot wait for each other. */
export async function lockDeliveries({ db, tenant }: Locking, ids: readonly string[]): Promise<Map<string, Delivery>> {
  const before = locked.get(db);
  if (before !== undefined && ids.every((id) => before.has(id))) return before;
  const found = await db
    .select()
    .from(deliveries)
    .where(
      and(
        eq(deliveries.tenant, tenant),
        // One parameter however many there are, so that the statement stays the same.
        sql`${deliveries.id} = any(${textArray(ids)})`,
      ),
    )
    .orderBy(deliveries.id)
    .for('update');
  const byId = new Map(found.map((delivery) => [delivery.id, delivery]));
  locked.set(db, byId);
  return byId;
}

/**
 * Why an agent cannot settle a delivery; undefined when it is the agent's own and neither confirmed nor cancelled.
 *
 * @throws Error for one that another program gave a status of its own
 */
export function refusalOfOpen(delivery: Delivery | undefined, id: string, agentId: string) {
  const no = <Code extends string>(code: Code, message: string, details?: Record<string, unknown>) => ({
    code,
    message,
    ...(details === undefined ? {} : { details }),
  });
  if (delivery === undefined) return no('not_found', `There is no delivery ${id}`);
  if (delivery.agentId !== agentId) return no('not_assigned', `Delivery ${id} is not yours`);
  if (delivery.status === 'confirmed') {
    return no('already_confirmed', `Delivery ${id} was confirmed before`, { receiptNo: delivery.receiptNo });
  }
  if (delivery.status === 'cancelled') return no('cancelled', `Delivery ${id} was cancelled`);
  if (!DeliveryStatus.safeParse(delivery.status).success) throw unheardOf(id, delivery.status);
  return undefined;
}

/** Another program's word in a delivery: nothing is done by a guess, and operations see why. */
export function unheardOf(id: string, word: string): Error {
  return new Error(`Delivery ${id} is "${word}", and nobody here knows what that means`);
}
