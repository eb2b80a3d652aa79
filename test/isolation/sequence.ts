import fc from 'fast-check';
import { chanceOf, type Chance } from '../chaos/chance.ts';
import type { Person } from './cast.ts';
import { readEverything, sendAgain, work } from './honest.ts';
import { hostileRequest } from './hostile.ts';
import type { Route } from './routes.ts';
import { hold, Leak, type Siege } from './siege.ts';
import { askTwice } from './twins.ts';

const kinds = ['hostile', 'untrusted', 'read', 'work', 'again', 'twice', 'crowd'] as const;

/** One thing that somebody does; the salt decides everything about it. */
export interface Step {
  readonly kind: (typeof kinds)[number];
  readonly salt: number;
}

const salt = fc.noShrink(fc.nat({ max: 2 ** 31 - 1 }));
const weights = { hostile: 14, untrusted: 1, read: 1, work: 3, again: 1, twice: 4, crowd: 1 } as const;

/** Sequences of steps. A shorter one that fails too is what one wants to read; other salts are other steps. */
export const sequences = fc.array(
  fc.record({
    kind: fc.oneof(...kinds.map((kind) => ({ arbitrary: fc.constant(kind), weight: weights[kind] }))),
    salt,
  }),
  { minLength: 20, maxLength: 60, size: 'max' },
);

/** @throws Leak */
export async function runSequence(siege: Siege, steps: readonly Step[]): Promise<void> {
  for (const step of steps) await runStep(siege, step);
  await siege.inspect();
  siege.figures.sequences++;
}

async function runStep(siege: Siege, { kind, salt: from }: Step): Promise<void> {
  const chance = chanceOf(from, kinds.indexOf(kind));
  switch (kind) {
    case 'hostile':
      return attack(siege, somebody(siege, chance, 0.6), chance);
    case 'untrusted': {
      const route = someRoute(siege, chance);
      const token = chance.is(0.1) ? null : (chance.pick(siege.world.cast.badTokens) ?? null);
      const [person] = siege.world.cast.people;
      if (person === undefined) return;
      const { status } = await siege.send(hostileRequest(route, meansOf(siege, person, chance)), undefined, token);
      return hold(
        route.open || status === 401
          ? []
          : [`${route.method} ${route.path} was answered ${status} without a good token`],
      );
    }
    case 'read':
      return readEverything(siege, somebody(siege, chance, 0.5), chance);
    case 'work':
      return work(siege, somebody(siege, chance, 1), chance);
    case 'again':
      return sendAgain(siege, somebody(siege, chance, 1), chance);
    case 'twice':
      return askTwice(siege, somebody(siege, chance, 0.8), chance);
    case 'crowd':
      // At once: what is shared or kept between requests is nobody else's.
      await Promise.all(
        Array.from({ length: 12 }, () => {
          const paths = [
            '/v1/pull',
            '/v1/pull?limit=3',
            '/v1/collections/deliveries?limit=500',
            '/v1/collections/agents',
            '/v1/admin/receipts',
          ];
          return siege.send(
            { method: 'GET', path: chance.pick(paths) ?? '/v1/pull', headers: {} },
            somebody(siege, chance, 0.8),
          );
        }),
      );
  }
}

async function attack(siege: Siege, person: Person, chance: Chance): Promise<void> {
  const route = someRoute(siege, chance);
  const attempt = hostileRequest(route, meansOf(siege, person, chance));
  const owner = route.path === '/v1/sync' ? ownerOf(siege, person, attempt.body) : undefined;
  const { status, body } = await siege.send(attempt, person);
  siege.figures.reached.add(`${route.method} ${route.path}`);
  const { code, error } = (body ?? {}) as { code?: unknown; error?: { code?: unknown; details?: unknown } };
  const owned = code === 'client_owned_by_another';
  if (status === 200 && owner !== undefined && owner !== person.sub)
    throw new Leak(`a client of ${owner} was believed of ${person.sub}`);
  if (owned && owner === undefined) throw new Leak('a client of another tenant is in the way');
  if (error?.code === 'key_reused' && error.details !== undefined) throw new Leak('a key that came before has details');
}

/** Whose a client id is in the sender's own tenant, before the request. */
function ownerOf(siege: Siege, { tenant }: Person, body: unknown): string | undefined {
  const { clientId } = (body ?? {}) as { clientId?: unknown };
  const place = siege.oracle.places.find(
    ({ table, tenant: of, row }) => table === 'clients' && of === tenant && row['client_id'] === clientId,
  );
  return place === undefined ? undefined : String(place.row['actor']);
}

function meansOf(siege: Siege, person: Person, chance: Chance) {
  return { loot: siege.loot, chance, mint: siege.mintOf(person), ownClients: siege.clientsOf(person) };
}

function somebody({ world: { cast } }: Siege, chance: Chance, honest: number): Person {
  const all = chance.is(honest) ? cast.people.filter((person) => person.honest) : cast.people;
  return chance.pick(all) as Person;
}

/** Any route, and those of the protocol more often: most can go wrong there. */
function someRoute({ routes }: Siege, chance: Chance): Route {
  const often = routes.filter(({ path }) => ['/v1/sync', '/v1/pull'].includes(path));
  return (chance.is(0.35) ? chance.pick(often) : chance.pick(routes)) as Route;
}
