import { sql } from 'drizzle-orm';
import type { Queryable } from '../db/database.ts';
import { literal } from '../db/identifier.ts';
import type { Mark } from './marks.ts';
import { longerRest, type Rest } from './rest.ts';

/** What is left out of a publish. */
export interface Aside {
  readonly marks: readonly string[];
  readonly collections: readonly string[];
}

const mostRestMs = 60_000;

/** Marks of one tenant that could not be published: they wait for another try, and all others do not wait for them. */
export class SetAside {
  readonly #marks = new Map<string, Rest>();
  readonly #collections = new Map<string, Rest>();

  mark({ id }: Mark): void {
    this.#marks.set(id, longerRest(this.#marks.get(id), mostRestMs));
  }

  collection(name: string, mostMs = mostRestMs): Rest {
    const rest = longerRest(this.#collections.get(name), mostMs);
    this.#collections.set(name, rest);
    return rest;
  }

  /** What has its rest now. */
  get now(): Aside {
    return { marks: resting(this.#marks), collections: resting(this.#collections) };
  }

  /** All but these are published. */
  forget({ marks, collections }: Aside): void {
    drop(this.#marks, marks);
    drop(this.#collections, collections);
  }

  get size(): number {
    return this.#marks.size + this.#collections.size;
  }
}

function resting(rests: ReadonlyMap<string, Rest>): string[] {
  return [...rests].flatMap(([name, rest]) => (rest.resting ? [name] : []));
}

function drop(rests: Map<string, Rest>, allBut: readonly string[]): void {
  const kept = new Set(allBut);
  for (const name of rests.keys()) if (!kept.has(name)) rests.delete(name);
}

/** Tells `sync.publish` within this transaction. */
export async function leaveOut(tx: Queryable, { marks, collections }: Aside): Promise<void> {
  if (marks.length > 0) await tx.execute(sql.raw(`set local ekbaar.aside = ${literal(`{${marks.join(',')}}`)}`));
  if (collections.length > 0)
    await tx.execute(sql.raw(`set local ekbaar.aside_collections = ${literal(JSON.stringify(collections))}`));
}
