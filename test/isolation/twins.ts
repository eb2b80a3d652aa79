import type { Chance } from '../chaos/chance.ts';
import type { HttpAnswer } from '../support/http-client.ts';
import type { Person } from './cast.ts';
import { mutationAt, syncBody, wireOf } from './envelope.ts';
import type { Attempt } from './hostile.ts';
import { type Place, type TableName } from './places.ts';
import { collections } from './routes.ts';
import { hold, type Siege } from './siege.ts';

/** A question in which another tenant's id stands, or one that nobody has. */
interface Question {
  readonly table: TableName;
  readonly column: string;
  /** @param theirs the other tenant's: what goes with it is the same whether the id is that one or nobody's */
  readonly ask: (id: string, theirs: string) => Attempt;
}

const get = (path: string): Attempt => ({ method: 'GET', path, headers: {} });

/** What is another tenant's is answered as what does not exist: nobody learns that it does. */
export async function askTwice(siege: Siege, person: Person, chance: Chance): Promise<void> {
  const questions = questionsOf(siege, person);
  const question = chance.pick(
    siege.level === 'scope' ? questions : questions.filter(({ ask }) => ask('', '').method === 'GET'),
  );
  if (question === undefined) return;
  const { places } = siege.oracle;
  const of = ({ row }: Place) => String(row[question.column]);
  const own = new Set(
    places.filter(({ table, tenant }) => table === question.table && tenant === person.tenant).map(of),
  );
  const foreign = places.filter(({ table, tenant }) => table === question.table && tenant !== person.tenant).map(of);
  const theirs = chance.pick(foreign.filter((id) => !own.has(id)));
  if (theirs === undefined) return;
  const mint = siege.mintOf(person);
  // Of the same form.
  const nobodys = theirs.includes('-ca0a-') ? mint.key() : theirs.replace(/qz[pvs][0-9a-f]{8}zq/, mint.text());
  if (nobodys === theirs) return;
  const [first, second] = [
    await siege.send(question.ask(theirs, theirs), person),
    await siege.send(question.ask(nobodys, theirs), person),
  ];
  const [one, other] = [comparable(first, theirs), comparable(second, nobodys)];
  siege.figures.twins++;
  hold(one === other ? [] : [`what exists elsewhere is told by the answer: ${one}\n${other}`], () =>
    JSON.stringify(question.ask(theirs, theirs)),
  );
}

function questionsOf(siege: Siege, person: Person): Question[] {
  const mint = siege.mintOf(person);
  const mutate = (name: string, args: Record<string, unknown>): Attempt => ({
    ...{ method: 'POST', path: `/v1/mutations/${name}`, headers: { 'Idempotency-Key': mint.key() }, body: args },
  });
  const deliveries = { table: 'deliveries', column: 'id' } as const;
  const keys = { table: 'receipts', column: 'key' } as const;
  return [
    ...collections.flatMap(({ name, key }): Question[] => {
      const place = { table: name as TableName, column: key === 'id' ? 'id' : 'agent_id' };
      return [
        { ...place, ask: (id) => get(`/v1/collections/${name}/${encodeURIComponent(id)}`) },
        { ...place, ask: (id) => get(`/v1/collections/${name}?${key}=${encodeURIComponent(id)}`) },
      ];
    }),
    { table: 'scopes', column: 'scope', ask: (id) => get(`/v1/pull?scope=${encodeURIComponent(id)}`) },
    { table: 'agents', column: 'region_id', ask: (id) => get(`/api/v1/deliveries?region=${encodeURIComponent(id)}`) },
    { ...keys, ask: (key) => get(`/v1/admin/receipts/${key}`) },
    { ...keys, ask: (key) => get(`/v1/admin/audit?subject=${key}`) },
    { ...keys, ask: (key) => ({ method: 'POST', path: `/v1/admin/dead-letters/${key}/retry`, headers: {}, body: {} }) },
    {
      ...keys,
      ask: (key) => ({
        method: 'POST',
        path: `/v1/admin/dead-letters/${key}/close`,
        headers: {},
        body: { reason: 'gone' },
      }),
    },
    {
      ...deliveries,
      ask: (deliveryId) => mutate('confirmDelivery', { deliveryId, amountPaise: 1, confirmedAt: mutationAt }),
    },
    { ...deliveries, ask: (deliveryId) => mutate('failDelivery', { deliveryId, reason: 'away' }) },
    { ...deliveries, ask: (deliveryId) => mutate('cancelDelivery', { deliveryId, reason: 'gone' }) },
    { ...deliveries, ask: (deliveryId) => mutate('assignDelivery', { deliveryId, agentId: 'a01' }) },
    { table: 'agents', column: 'id', ask: (agentId) => mutate('assignDelivery', { deliveryId: 'd0001', agentId }) },
    {
      ...{ table: 'disbursements', column: 'id' },
      ask: (disbursementId) => mutate('reconcileDisbursement', { disbursementId, bankRef: 'x', amountPaise: 1 }),
    },
    { table: 'clients', column: 'client_id', ask: (clientId) => pushAs(siege, clientId, mint.key(), '') },
    { ...keys, ask: (key, theirs) => pushAs(siege, `c-${mint.text()}`, key, theirs) },
    {
      ...keys,
      ask: (key) => ({
        ...mutate('failDelivery', { deliveryId: 'nowhere', reason: 'away' }),
        headers: { 'Idempotency-Key': key },
      }),
    },
  ];
}

/** @param as whose content it has, to the letter: what was sent under that key elsewhere */
function pushAs(siege: Siege, clientId: string, key: string, as: string): Attempt {
  const { name, args } = siege.world.envelopes.find((each) => each.key === as) ?? { name: 'failDelivery', args: {} };
  const harmless =
    name === 'failDelivery' || name.startsWith('x')
      ? { name, args }
      : { name: 'failDelivery', args: { deliveryId: 'nowhere', reason: 'away' } };
  const mutations = [wireOf({ id: 1, key, ...harmless })];
  return { method: 'POST', path: '/v1/sync', headers: {}, body: syncBody(clientId, { mutations }) };
}

/** An answer without what differs from one question to the next. */
function comparable({ status, headers, text, body }: HttpAnswer, id: string): string {
  const names = [...headers.keys()].filter(
    (name) => !['date', 'x-request-id', 'retry-after', 'content-length'].includes(name),
  );
  const { receipts, stopped, delta } = (body ?? {}) as {
    receipts?: unknown;
    stopped?: unknown;
    delta?: { lastMutationId?: unknown };
  };
  const counts = delta === undefined ? text : JSON.stringify([receipts, stopped, delta.lastMutationId]);
  const plain = counts
    .replaceAll(id, 'ID')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, 'UUID')
    .replaceAll(/"ID"/g, '"UUID"');
  // The cursor of a question names what was asked for, packed.
  return `${status} ${names.toSorted().join()} ${plain.replaceAll(/"(cursor|serverTime|next)":"[^"]*"/g, '"$1":""')}`;
}
