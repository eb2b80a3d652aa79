import postgres from 'postgres';
import { chanceOf } from '../chaos/chance.ts';
import type { FreshDatabase } from '../support/postgres.ts';
import { startBesieged } from './besieged.ts';
import { type Mint, mintOf, type Tenant, tenants } from './canary.ts';
import { type Cast, castOf, groundOf } from './cast.ts';
import { collectCursors, type Cursors } from './collect-cursors.ts';
import type { Envelope } from './envelope.ts';
import { type Place, Places } from './places.ts';
import { seedRows } from './seed-rows.ts';
import { seedTraffic } from './seed-traffic.ts';

/** Three tenants and a day of theirs, in a database that others are copied from. */
export interface World {
  readonly seed: number;
  readonly secret: string;
  readonly cast: Cast;
  readonly mints: ReadonlyMap<Tenant, Mint>;
  readonly database: FreshDatabase;
  /** Everything that was sent. */
  readonly envelopes: readonly Envelope[];
  /** What honest people were given along their way: for others to steal. */
  readonly cursors: Cursors;
  /** What the tables hold at the beginning. */
  readonly places: readonly Place[];
}

export async function makeWorld(database: FreshDatabase, seed: number): Promise<World> {
  const secret = crypto.randomUUID();
  const mints = new Map(tenants.map((tenant, at) => [tenant, mintOf(tenant, chanceOf(seed, at))]));
  const mintFor = (tenant: Tenant): Mint => mints.get(tenant) as Mint;
  const grounds = tenants.map((tenant) => groundOf(tenant, mintFor(tenant)));
  const cast = await castOf(grounds, secret);
  const besieged = await startBesieged(database.url, secret);
  const client = postgres(database.url, { max: 1, onnotice: () => {} });
  try {
    const envelopes: Envelope[] = [];
    for (const ground of grounds) await seedRows(client, ground, mintFor(ground.tenant), chanceOf(seed, 10));
    await besieged.server.engine.sweep();
    for (const tenant of tenants)
      envelopes.push(...(await seedTraffic(besieged, client, cast.people, tenant, mintFor(tenant))));
    await besieged.server.engine.sweep();
    const places = [...(await new Places(client).read()).values()].flat();
    const cursors = await collectCursors(besieged, cast.people);
    return { seed, secret, cast, mints, database, envelopes, cursors, places };
  } finally {
    await client.end();
    await besieged.close();
  }
}
