import { type Actor, textArray } from '@ekbaar/server';
import { type AnyColumn, type SQL, sql } from 'drizzle-orm';
import { regionsOf } from '../mutators.ts';

/** Somebody of the office: what they may see is their own tenant's, in their own regions. */
export interface Overseer {
  readonly tenant: string;
  readonly id: string;
  readonly role: string;
  /** `*` is all of the tenant's. */
  readonly regions: readonly string[];
  readonly claims: Actor['claims'];
}

/** Undefined for whoever is not of the office. */
export function overseerOf(actor: Actor): Overseer | undefined {
  if (actor.role !== 'ops' && actor.role !== 'settlement') return undefined;
  return { ...actor, regions: regionsOf(actor) };
}

export function overseesAll({ regions }: Pick<Overseer, 'regions'>): boolean {
  return regions.includes('*');
}

/** SQL that holds for what is in one of the regions that somebody oversees. */
export function inRegions(column: AnyColumn | SQL, overseer: Pick<Overseer, 'regions'>): SQL {
  return overseesAll(overseer) ? sql`true` : sql`${column} = any(${textArray(overseer.regions)})`;
}
