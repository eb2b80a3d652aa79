import { Purse } from './purse.ts';
import type { TenantBooks } from './tenant-books.ts';

/**
 * Each disbursement that was told applied is ordered once, and paid once, to the agent's account.
 *
 * @returns what the partner really paid, by disbursement
 */
export function checkPayouts(books: TenantBooks, confirmed: Purse): Purse {
  const { stations, effects } = books.evidence;
  const given = new Map(books.own(books.evidence.given).map((row) => [row.id, row]));
  const disbursed = confirmed.only('phone: disbursements applied', (id) => given.get(id)?.kind === 'disbursement');
  books.enter(disbursed);
  const payouts = books.own(stations.payouts);
  const jobs = books.own(stations.jobs).filter(({ name }) => name === 'payment');
  const paise = new Map(payouts.map(({ deliveryId, paise: amount }) => [deliveryId, amount]));
  const requested = new Purse(
    'outbox: payment jobs',
    jobs.map(({ deliveryId }) => [deliveryId, paise.get(deliveryId) ?? 0]),
  );
  books.enter(requested);
  books.compare(disbursed, requested);
  const paid = new Purse(
    'payouts: paid',
    payouts.filter(({ status }) => status === 'paid').map(({ deliveryId, paise: amount }) => [deliveryId, amount]),
  );
  books.enter(paid);
  books.compare(disbursed, paid);
  const orders = books.own(effects).filter((effect) => effect.paise > 0);
  const partner = new Purse(
    'partner: really paid',
    orders.map(({ what, paise: amount }) => [what.split(' ')[1] ?? what, amount]),
  );
  books.stations.push({
    station: partner.name,
    count: orders.length,
    paise: orders.reduce((sum, order) => sum + order.paise, 0),
  });
  books.compare(disbursed, partner);
  for (const { what, to } of orders) {
    const deliveryId = what.split(' ')[1] ?? '';
    const agentId = payouts.find((payout) => payout.deliveryId === deliveryId)?.agentId;
    if (to !== `fa_${books.tenant}${agentId}`)
      books.violations.push(`the partner paid ${deliveryId} to ${to}, not to ${agentId}`);
  }
  return new Purse(
    partner.name,
    orders.map(({ what, paise: amount }) => [given.get(what.split(' ')[1] ?? '')?.disbursementId ?? what, amount]),
  );
}
