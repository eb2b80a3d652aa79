import type { CrashWorld } from './crash-world.ts';
import type { Deed } from './promises.ts';

/** The invariants of DESIGN that can break on a device. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I7' | 'usable';

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

/** What the invariants say of a world in which everything is quiet. */
export async function violationsIn(world: CrashWorld): Promise<Violation[]> {
  const found: Violation[] = [];
  const add = (invariant: Invariant, what: string) => void found.push({ invariant, what });
  const { deeds } = world.promises;
  const { server } = world;
  const receiptOf = ({ key }: Deed) => (key === undefined ? undefined : server.receipts.get(key));
  const effect = (name: string) => server.row('notes', name);

  for (const deed of deeds) {
    const { label, saved, dropped, shown } = deed;
    const receipt = receiptOf(deed);
    if (saved !== undefined && !dropped && !receipt) add('I1', `${label} was promised, and the server has no receipt`);
    // What the server has forgotten since (a restored backup) it hears of again.
    if (shown !== undefined && shown !== 'dead' && !dropped && receipt?.status !== shown) {
      add('I1', `${label} was shown as ${shown}, and is ${receipt?.status}`);
    }
    if (!label.startsWith('note')) continue;
    const times = Number(effect(deed.effect)?.['times'] ?? 0);
    const least = saved !== undefined && !dropped && receipt?.status === 'applied' ? 1 : 0;
    if (times > 1 || times < least) add('I2', `${label} has happened ${times} times`);
  }
  const happened = deeds
    .filter((deed) => (receiptOf(deed)?.status ?? 'applied') === 'applied')
    .map((deed) => ({ deed, order: Number(effect(deed.effect)?.['order'] ?? Number.NaN) }))
    .filter(({ order }) => !Number.isNaN(order));
  for (const before of happened) {
    for (const after of happened) {
      const first = before.deed.saved !== undefined && before.deed.saved < after.deed.asked;
      if (first && before.order > after.order) add('I3', `${after.deed.label} happened before ${before.deed.label}`);
    }
  }

  for (const client of world.alive) {
    const keys = (await client.readMutations()).map(({ key }) => key);
    if (new Set(keys).size < keys.length) add('I2', `the log has a key twice: ${keys.join()}`);
    for (const collection of ['deliveries', 'notes'] as const) {
      const here = JSON.stringify((await client.read(collection)).map((row) => sorted(row)));
      const there = JSON.stringify(rowsOf(world, collection).map((row) => sorted(row)));
      if (here !== there) add('I4', `${collection} are ${here} here, and ${there} at the server`);
    }
    const waiting = new Set(
      [...(await client.rejections.read()), ...(await client.deadLetters.read())].map(({ key }) => key),
    );
    for (const { label, key, dismissed, dropped } of deeds) {
      const status = key === undefined ? undefined : server.receipts.get(key)?.status;
      if (key === undefined || status === undefined || status === 'applied' || dropped) continue;
      if (dismissed === undefined && !waiting.has(key)) add('I7', `${label} was refused, and nobody is told`);
      if (dismissed === 'done' && waiting.has(key)) add('I7', `${label} was dealt with, and comes back`);
    }
    const { storeLost } = client.status.get();
    if (storeLost && !deeds.some(({ dropped }) => dropped))
      add('usable', `the store is said to be lost: ${JSON.stringify(storeLost)}`);
  }
  return found;
}

function rowsOf(world: CrashWorld, collection: string): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  for (const { lines } of world.server.scopes.values()) {
    for (const [key, { row }] of lines) if (row && key.startsWith(`${collection}/`)) rows.push(row);
  }
  return rows.sort((left, right) => (String(left['id']) < String(right['id']) ? -1 : 1));
}

function sorted(row: object): [string, unknown][] {
  return Object.entries(row).sort(([left], [right]) => (left < right ? -1 : 1));
}
