import { Purse } from './purse.ts';
import type { TenantBooks } from './tenant-books.ts';

/** What was told applied has gone out once: the customer's SMS, and the MFI's event. */
export function checkOutbox(books: TenantBooks, confirmed: Purse): void {
  const { stations, effects, heard } = books.evidence;
  const jobs = books.own(stations.jobs);
  for (const name of ['sms', 'mfi-webhook']) {
    const of = jobs.filter((job) => job.name === name);
    const purse = new Purse(
      `outbox: ${name} jobs`,
      of.map(({ deliveryId, paise }) => [deliveryId, paise ?? 0]),
    );
    books.enter(purse);
    books.compare(confirmed, purse);
  }
  for (const { name, deliveryId } of jobs.filter((job) => job.name.endsWith('-dead')))
    books.violations.push(`there is a dead letter in ${name}, of ${deliveryId}`);
  // By its receipt's number in the text: the partner knows nothing of deliveries.
  const numbers = new Map(
    books.own(stations.deliveries).flatMap(({ id, receiptNo }) => (receiptNo === null ? [] : [[receiptNo, id]])),
  );
  const texts = books.own(effects).filter(({ paise }) => paise === 0);
  const sms = texts.map(({ what }) => {
    const [, rupees = '', number = ''] = /Rs ([\d,.]+) .*Receipt ([0-9A-Z]{5}-[0-9A-Z]{5})/.exec(what) ?? [];
    return [numbers.get(number) ?? what, Math.round(Number(rupees.replaceAll(',', '')) * 100)] as const;
  });
  const purse = new Purse('partner: SMS taken', sms);
  books.enter(purse);
  books.compare(confirmed, purse);
  const events = new Map(
    heard
      .filter(({ endpoint, valid }) => valid && endpoint.startsWith(`${books.tenant}-`))
      .map(({ webhookId, body }) => [
        webhookId,
        JSON.parse(body) as { data: { deliveryId: string; amountPaise: number } },
      ]),
  );
  const webhooks = new Purse(
    'partner: webhooks heard, each id once',
    [...events.values()].map(({ data }) => [data.deliveryId, data.amountPaise]),
  );
  books.enter(webhooks);
  books.compare(confirmed, webhooks);
}
