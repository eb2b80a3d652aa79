import { canaryOf } from './canary.ts';
import type { Chance } from './chance.ts';
import type { Phone } from './phone.ts';
import type { Promises, Promised } from './promises.ts';

/** Which day the demo is of: what agents close. */
const day = (at: number) => `2026-10-${String(1 + at).padStart(2, '0')}`;

/**
 * What an agent does on a phone: confirms and fails deliveries that the phone shows, sometimes those of others or the
 * same again, says where it is, closes days.
 *
 * @param sibling a second phone of the same agent that sends some of the same mutations under the same keys
 */
export function act(phone: Phone, promises: Promises, chance: Chance, sibling?: Phone): void {
  const now = new Date().toISOString();
  const promise = (name: string, args: Record<string, unknown>): Promised => {
    const promised = promises.make(phone.person, name, args, chance.uuid());
    phone.add(promised, now);
    if (sibling !== undefined && chance.is(0.5)) sibling.add(promised, now);
    return promised;
  };
  const { tenant } = phone.person;
  const shown = [...phone.replica.rows].filter(([path]) => path.startsWith('deliveries/')).map(([, row]) => row);
  const open = shown.filter(({ status }) => status === 'pending' || status === 'failed');
  const delivery = chance.is(0.9) ? chance.pick(open) : chance.pick(shown);
  const kind = chance.below(100);
  if (delivery === undefined || kind < 15) {
    promise('recordLocation', {
      // Each tenant walks its own degree of latitude: a position carries no text.
      lat: tenant.length + chance.below(1000) / 1000,
      ...{ lng: chance.below(1000) / 10, accuracyM: chance.below(500), at: now },
    });
    return;
  }
  const deliveryId = chance.is(0.95) ? delivery['id'] : `d${String(1 + chance.below(500)).padStart(4, '0')}`;
  const confirm = () =>
    promise('confirmDelivery', { deliveryId, amountPaise: delivery['amountPaise'], confirmedAt: now });
  const fail = () =>
    promise('failDelivery', { deliveryId, reason: 'not_home', note: `${canaryOf(tenant)} ${chance.uuid()}` });
  if (kind < 70) confirm();
  else if (kind < 80) fail();
  else if (kind < 93) {
    // In this order, or the failure would be refused.
    fail();
    confirm();
  } else if (kind < 96) {
    confirm();
    fail();
  } else
    promise('closeDay', {
      date: day(chance.below(28)),
      collectedPaise: chance.below(1e6),
      disbursedPaise: 0,
      count: chance.below(50),
    });
}
