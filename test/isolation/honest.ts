import type { Chance } from '../chaos/chance.ts';
import type { Person } from './cast.ts';
import { mutationAt, syncBody, wireOf } from './envelope.ts';
import { readsAgent, readsRegion } from './oracle.ts';
import type { Place } from './places.ts';
import { collections } from './routes.ts';
import { hold, type Siege } from './siege.ts';

type Row = Readonly<Record<string, unknown>>;

/** The rows of a collection that somebody may read, by the rules of the operation. */
function readable(places: readonly Place[], person: Person, collection: string): Place[] {
  const agentColumn = { agents: 'id', deliveries: 'agent_id' }[collection];
  return places.filter(
    ({ table, tenant, row }) =>
      table === collection &&
      tenant === person.tenant &&
      (readsRegion(person, String(row['region_id'])) ||
        (agentColumn !== undefined && readsAgent(person, String(row[agentColumn])))),
  );
}

/** Pulls everything from the beginning, and lists every collection: somebody gets all that is theirs and no other row. */
export async function readEverything(siege: Siege, person: Person, chance: Chance): Promise<void> {
  const limit = chance.pick([3, 40, 1000]) ?? 1000;
  const pulled = new Map<string, Map<string, Row | null>>();
  let cursor = '';
  for (let more = true; more;) {
    const { status, body } = await siege.send(
      { method: 'GET', path: `/v1/pull?limit=${limit}&cursor=${cursor}`, headers: {} },
      person,
    );
    if (status !== 200) return hold([`an honest pull was answered ${status}`]);
    const delta = body as {
      changes: { collection: string; id: string; row: Row | null }[];
      cursor: string;
      more: boolean;
    };
    for (const { collection, id, row } of delta.changes) {
      const rows = pulled.get(collection) ?? new Map<string, Row | null>();
      pulled.set(collection, rows);
      // A row may be in one scope and have left another.
      if (row !== null || !rows.has(id)) rows.set(id, row);
    }
    ({ cursor, more } = delta);
  }
  const { places } = siege.oracle;
  for (const { name, key } of collections) {
    const expected = readable(places, person, name);
    compare(siege, person, `pull of ${name}`, expected, present(pulled.get(name)), key);
    const listed: Row[] = [];
    for (let next: string | null = ''; next !== null;) {
      const path: string = `/v1/collections/${name}?limit=${Math.min(limit, 500)}${next === '' ? '' : `&cursor=${next}`}`;
      const { status, body } = await siege.send({ method: 'GET', path, headers: {} }, person);
      if (status !== 200) return hold([`an honest list was answered ${status}`]);
      const page = body as { rows: Row[]; next: string | null };
      listed.push(...page.rows);
      ({ next } = page);
    }
    compare(siege, person, `list of ${name}`, expected, listed, key);
  }
  const changed = places.filter(
    ({ table, tenant, row }) =>
      table === 'receipts' &&
      tenant === person.tenant &&
      row['actor'] === person.sub &&
      (row['retried_at'] ?? row['closed_at']) !== null,
  );
  const got = present(pulled.get('receipts')).map((row) => String(row['key']));
  hold(
    changed.length === got.length && changed.every(({ row }) => got.includes(String(row['key'])))
      ? []
      : [`receipts that operations changed: ${got.length} of ${changed.length}`],
  );
}

function present(rows: ReadonlyMap<string, Row | null> | undefined): Row[] {
  return [...(rows?.values() ?? [])].filter((row) => row !== null);
}

function compare(
  siege: Siege,
  person: Person,
  what: string,
  expected: readonly Place[],
  got: readonly Row[],
  key: string,
): void {
  const byKey = new Map(got.map((row) => [String(row[key]), row]));
  const wrong: string[] = [];
  if (got.length !== expected.length)
    wrong.push(
      `${what} by ${person.tenant}/${person.sub} (${person.role}): ${got.length} rows instead of ${expected.length}`,
    );
  for (const { row } of expected) {
    const camel = Object.entries(row).flatMap(([column, value]) => {
      // PostgreSQL has several ways to write a moment.
      if (column === 'tenant' || column === 'at' || column.endsWith('_at')) return [];
      return [[column.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()), value] as const];
    });
    const found = byKey.get(String(Object.fromEntries(camel)[key]));
    const other = camel.filter(([field, value]) => found?.[field] !== value);
    if (other.length > 0) wrong.push(`${what}: not as it is in ${JSON.stringify(other)}: ${JSON.stringify(found)}`);
  }
  siege.figures.rowsCompared += expected.length;
  hold(wrong);
}

type Draft = readonly [name: string, args: Record<string, unknown>, expected: readonly string[]];

/** Somebody does their work: what they may do is done. */
export async function work(siege: Siege, person: Person, chance: Chance): Promise<void> {
  const draft = draftOf(siege, person, chance);
  const client = siege.clientsOf(person).find(({ clientId }) => clientId === siege.clientOf(person));
  if (draft === undefined || client === undefined) return readEverything(siege, person, chance);
  const [name, args, expected] = draft;
  const mutation = wireOf({ id: client.last + 1, key: siege.mintOf(person).key(), name, args });
  const answer = await siege.send(
    { method: 'POST', path: '/v1/sync', headers: {}, body: syncBody(client.clientId, { mutations: [mutation] }) },
    person,
  );
  const { receipts: [receipt] = [] } = (answer.body ?? {}) as {
    receipts?: { status: string; error?: { code: string } }[];
  };
  const outcome = receipt?.error?.code ?? receipt?.status ?? `${answer.status} ${answer.text.slice(0, 300)}`;
  // Where mutators are others than the operation's, so are outcomes.
  if (siege.level === 'scope')
    hold(
      expected.includes(outcome)
        ? []
        : [`${name} by ${person.tenant}/${person.sub}: ${outcome} ${JSON.stringify(receipt)}`],
    );
}

function draftOf(siege: Siege, person: Person, chance: Chance): Draft | undefined {
  const { places } = siege.oracle;
  const mint = siege.mintOf(person);
  const rows = (collection: string, status: string) =>
    readable(places, person, collection)
      .map(({ row }) => row)
      .filter((row) => row['status'] === status);
  const delivery = chance.pick(rows('deliveries', 'pending'));
  const deliveryId = delivery?.['id'];
  if (person.role === 'agent') {
    const place = { lat: mint.fraction(), lng: mint.fraction(), accuracyM: mint.fraction(), at: mutationAt };
    const drafts: Draft[] = [['recordLocation', place, ['applied']]];
    if (delivery !== undefined) {
      drafts.push(['failDelivery', { deliveryId, reason: 'away', note: mint.text() }, ['applied']]);
      const amountPaise = delivery['amount_paise'];
      drafts.push([
        'confirmDelivery',
        { deliveryId, amountPaise, confirmedAt: mutationAt },
        ['applied', 'already_done'],
      ]);
    }
    return chance.pick(drafts);
  }
  if (person.role === 'ops' && delivery !== undefined) {
    if (chance.is(0.3)) return ['cancelDelivery', { deliveryId, reason: mint.text() }, ['applied']];
    const agent = chance.pick(readable(places, person, 'agents'));
    if (agent === undefined) return undefined;
    return ['assignDelivery', { deliveryId, agentId: agent.row['id'] }, ['applied']];
  }
  if (person.role === 'settlement') {
    const paid = chance.pick(rows('disbursements', 'disbursed'));
    if (paid === undefined) return undefined;
    const args = { disbursementId: paid['id'], bankRef: mint.text(), amountPaise: paid['amount_paise'] };
    return ['reconcileDisbursement', args, ['applied']];
  }
  return undefined;
}

/** A phone that never heard the answer sends again what it sent, and is answered from its receipt. */
export async function sendAgain(siege: Siege, person: Person, chance: Chance): Promise<void> {
  const { tenant, sub } = person;
  const own = siege.world.envelopes.filter(
    (each) => each.tenant === tenant && each.sub === sub && each.name !== 'recordLocation',
  );
  const envelope = chance.pick(own);
  if (envelope === undefined) return readEverything(siege, person, chance);
  const { body } = await siege.send(
    {
      method: 'POST',
      path: '/v1/sync',
      headers: {},
      body: syncBody(envelope.clientId, { mutations: [wireOf(envelope)] }),
    },
    person,
  );
  const { receipts: [receipt] = [] } = (body ?? {}) as { receipts?: { status: string; replayed: boolean }[] };
  const kept = siege.oracle.places.find(
    ({ table, tenant: of, row }) => table === 'receipts' && of === tenant && row['key'] === envelope.key,
  );
  hold(
    receipt?.replayed === true && receipt.status === kept?.row['status']
      ? []
      : [`sent again, ${envelope.name} ${envelope.key} was answered ${JSON.stringify(body)?.slice(0, 500)}`],
  );
}
