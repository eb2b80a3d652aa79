import { sql } from 'drizzle-orm';
import { jsonParameter, type Queryable } from '../db/database.ts';
import type { Moved } from './publish.ts';

/** A load of a million rows may move as many scopes: what is beyond this is left to the phones' own timers. */
const mostGathered = 10_000;
const scopesPerRow = 500;
/** For how long a poke stays in the database, at least. */
export const keptSeconds = 10;
const deletedAtOnce = 10_000;

/** What is on its way from this node to the others. */
export class PokeWriter {
  readonly #node: string;
  #gathered = new Map<string, Map<string, number>>();
  #count = 0;

  constructor(node: string) {
    this.#node = node;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Of each scope the latest version is enough. */
  gather(tenant: string, moved: Moved): void {
    const scopes = this.#gathered.get(tenant) ?? new Map<string, number>();
    this.#gathered.set(tenant, scopes);
    for (const [scope, version] of moved) {
      const before = scopes.get(scope);
      if (before === undefined && this.#count >= mostGathered) continue;
      if (before === undefined) this.#count++;
      scopes.set(scope, Math.max(version, before ?? 0));
    }
  }

  /** @returns how many pokes it wrote */
  async write(db: Queryable): Promise<number> {
    if (this.isEmpty) return 0;
    const rows = [...this.#gathered].flatMap(([tenant, scopes]) =>
      parts([...scopes]).map((part) => ({ tenant, scopes: Object.fromEntries(part) })),
    );
    // Before it is known to be written: a load that the database does not take is no reason to keep the next one waiting.
    this.#gathered = new Map();
    this.#count = 0;
    await db.execute(
      sql`insert into sync.pokes (tenant, node, scopes)
          select p.tenant, ${this.#node}::uuid, p.scopes from json_to_recordset(${jsonParameter(rows)}) as p (tenant text, scopes json)`,
    );
    return rows.length;
  }

  /** Removes the old pokes of any node, of those that are gone too. */
  async deleteOld(db: Queryable): Promise<void> {
    await db.execute(
      sql`delete from sync.pokes where (tenant, id) in (
            select tenant, id from sync.pokes where at < now() - make_interval(secs => ${keptSeconds})
            order by id limit ${deletedAtOnce} for update skip locked)`,
    );
  }
}

function parts<T>(of: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(of.length / scopesPerRow) }, (_, at) =>
    of.slice(at * scopesPerRow, (at + 1) * scopesPerRow),
  );
}
