import type { Mutator } from '@ekbaar/server';
import { and, eq } from 'drizzle-orm';
import { payments, visits } from './tables.ts';

type Refusal = 'not_found' | 'not_due' | 'amount_mismatch';

/** What Django's view `ConfirmVisit` did. Its answer is kept under the key: sent twice, it is given twice. */
export const confirmVisit: Mutator<{ visitId: number; amountPaise: number }, { payment: number }, Refusal> = {
  roles: ['agent'],
  async run({ db, tenant, actor, now, reject, enqueue }, { visitId, amountPaise }) {
    // Visit.objects.select_for_update(), get_object_or_404(pk=pk, agent=request.user)
    const own = and(eq(visits.tenant, tenant), eq(visits.id, visitId), eq(visits.agentId, Number(actor.id)));
    const [visit] = await db.select().from(visits).where(own).for('update');
    if (visit === undefined) return reject('not_found', 'There is no such visit');
    if (visit.status !== 'due') reject('not_due', 'This visit is not due');
    if (visit.amountPaise !== amountPaise) reject('amount_mismatch', 'Another amount is due');
    // visit.save(), Payment.objects.create(…)
    await db.update(visits).set({ status: 'confirmed', confirmedAt: now }).where(own);
    const [payment] = await db
      .insert(payments)
      .values({ tenant, visitId, amountPaise, at: now })
      .returning({ id: payments.id });
    // send_receipt.delay(payment.id)
    await enqueue('send-receipt', { payment: payment?.id, visitId });
    return { payment: payment?.id ?? 0 };
  },
};
