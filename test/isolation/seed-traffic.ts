import type { Sql } from 'postgres';
import type { HttpClient } from '../support/http-client.ts';
import type { Mint } from './canary.ts';
import type { Person } from './cast.ts';
import { type Envelope, mutationAt, syncBody, wireOf } from './envelope.ts';

interface Delivery {
  readonly id: string;
  readonly agent_id: string;
  readonly region_id: string;
  readonly status: string;
  readonly amount_paise: string;
}

/** A day's traffic of a tenant's people, so that there are receipts of every kind, dead letters, jobs and audit entries. */
export async function seedTraffic(
  http: HttpClient,
  sql: Sql,
  people: readonly Person[],
  tenant: string,
  mint: Mint,
): Promise<Envelope[]> {
  const sent: Envelope[] = [];
  const named = (sub: string) => people.find((one) => one.tenant === tenant && one.sub === sub && one.honest);
  const push = async (
    person: Person | undefined,
    clientId: string,
    drafts: readonly [name: string, args: object, former?: object][],
  ) => {
    if (person === undefined) throw new Error('nobody sends this');
    const envelopes = drafts.map(([name, args], at): Envelope => ({
      ...{ tenant, sub: person.sub, clientId, id: at + 1, key: mint.key(), name, args: { ...args } },
    }));
    const mutations = envelopes.map((envelope, at) => ({ ...wireOf(envelope), receipt: drafts[at]?.[2] }));
    const answer = await http.post('/v1/sync', person.token, syncBody(clientId, { mutations }));
    const { receipts = [] } = answer.body as { receipts?: { status: string }[] };
    if (receipts.length !== drafts.length) throw new Error(`the seed is refused: ${answer.text}`);
    sent.push(...envelopes);
  };
  const deliveries = await sql<Delivery[]>`select * from deliveries where tenant = ${tenant} order by id`;

  for (const person of people.filter((one) => one.tenant === tenant && one.honest && one.role === 'agent')) {
    const own = deliveries.filter(({ agent_id }) => agent_id === person.sub);
    const pending = own.filter(({ status }) => status === 'pending');
    const settled = own.filter(({ status }) => status === 'confirmed' || status === 'cancelled');
    const confirm = ({ id, amount_paise }: Delivery, paise = Number(amount_paise)) =>
      ['confirmDelivery', { deliveryId: id, amountPaise: paise, confirmedAt: mutationAt }] as [string, object];
    const [first, second, third] = pending;
    const other = deliveries.find(({ agent_id }) => agent_id !== person.sub);
    await push(person, `c-${mint.text()}`, [
      ...(first === undefined ? [] : [confirm(first)]),
      ...(second === undefined ? [] : [confirm(second)]),
      ...(third === undefined ? [] : [confirm(third, mint.paise())]),
      ...settled.map((delivery) => confirm(delivery)),
      ...(other === undefined ? [] : [confirm(other)]),
      ['failDelivery', { deliveryId: third?.id ?? 'd0000', reason: 'away', note: mint.text() }],
      ['recordLocation', { lat: mint.fraction(), lng: mint.fraction(), accuracyM: mint.fraction(), at: mutationAt }],
      ['closeDay', { date: '2026-11-22', collectedPaise: mint.paise(), disbursedPaise: mint.paise(), count: 2 }],
      ['closeDay', { date: '2026-11-22', collectedPaise: mint.paise(), disbursedPaise: mint.paise(), count: 2 }],
      [`x${mint.text()}`, { secret: mint.text() }],
      [`y${mint.text()}`, { secret: mint.text(), paise: mint.paise() }],
      ['failDelivery', { deliveryId: `d-${mint.text()}`, reason: mint.text() }, { status: 'applied' }],
      ['failDelivery', { deliveryId: 7, reason: mint.text() }],
    ]);
  }
  const open = deliveries.filter(({ status }) => status === 'pending').at(-1);
  await push(named('ops'), `c-${mint.text()}`, [
    ['cancelDelivery', { deliveryId: open?.id ?? '', reason: mint.text() }],
    ['cancelDelivery', { deliveryId: open?.id ?? '', reason: mint.text() }],
    ['assignDelivery', { deliveryId: open?.id ?? '', agentId: 'a01' }],
  ]);
  await push(named('ops1'), `c-${mint.text()}`, [[`z${mint.text()}`, { secret: mint.text() }]]);
  const paid = await sql<{ id: string; amount_paise: string }[]>`
    select id, amount_paise from disbursements where tenant = ${tenant} and status in ('disbursed', 'reconciled') order by id limit 4`;
  await push(named('settle'), `c-${mint.text()}`, [
    ['reconcileDisbursement', { disbursementId: 'b0000', bankRef: mint.text(), amountPaise: mint.paise() }],
    ...paid.map(({ id, amount_paise }): [string, object] => [
      'reconcileDisbursement',
      { disbursementId: id, bankRef: mint.text(), amountPaise: Number(amount_paise) },
    ]),
  ]);

  const letters = await sql<{ key: string }[]>`
    select key from sync.receipts where tenant = ${tenant} and status = 'dead' order by name, key`;
  const admin = named('ops')?.token ?? '';
  for (const [at, { key }] of letters.entries()) {
    const path = `/v1/admin/dead-letters/${key}`;
    if (at % 3 === 0) await http.post(`${path}/close`, admin, { reason: mint.text() });
    if (at % 3 === 1) await http.post(`${path}/retry`, admin, {});
    // As a mutator that threw leaves it.
    if (at % 3 === 2)
      await sql`insert into sync.halts (tenant, key, tries, first_at, last_at, error)
                values (${tenant}, ${key}, 5, now(), now(), ${`TypeError: ${mint.text()}`})`;
  }
  return sent;
}
