import { sql } from 'drizzle-orm';
import { type Queryable, rowsOf, textArray } from '../db/database.ts';
import type { Moved } from './publish.ts';

/** A transaction that was given a lower number may commit later, by moments: so long numbers are asked for again. */
const unsettledSeconds = 1;

interface Look {
  /** The highest number that no lower one can follow any more. */
  readonly settled: string | number;
  readonly last: string | number;
  readonly pokes: readonly { id: number; tenant: string; scopes: Record<string, number> }[] | null;
}

/** What has come from the other nodes. */
export class PokeReader {
  readonly #node: string;
  /** Everything up to here is read; of what is above, `#seen`. Undefined: what is unsettled now is where it begins. */
  #from: number | undefined;
  readonly #seen = new Set<number>();

  constructor(node: string) {
    this.#node = node;
  }

  forget(): void {
    this.#from = undefined;
    this.#seen.clear();
  }

  async read(db: Queryable, tenants: readonly string[]): Promise<{ tenant: string; moved: Moved }[]> {
    const settled = sql`coalesce((select max(id) from sync.pokes where at < now() - make_interval(secs => ${unsettledSeconds})), 0)`;
    const from = this.#from === undefined ? settled : sql`${this.#from}::bigint`;
    const [look] = await rowsOf<Look>(
      db,
      sql`select ${settled} as settled, coalesce((select max(id) from sync.pokes), 0) as last,
            (select json_agg(p order by p.id) from (
              select id, tenant, scopes from sync.pokes
              where id > ${from} and tenant = any(${textArray(tenants)}) and node <> ${this.#node}::uuid) p) as pokes`,
    );
    if (look === undefined) return [];
    // The numbers begin anew after a crash or a promotion: the table is not logged.
    if (Number(look.last) < (this.#from ?? 0)) {
      this.#from = 0;
      this.#seen.clear();
      return this.read(db, tenants);
    }
    const fresh = (look.pokes ?? []).filter(({ id }) => !this.#seen.has(id));
    for (const { id } of fresh) this.#seen.add(id);
    this.#from = Math.max(this.#from ?? 0, Number(look.settled));
    for (const id of this.#seen) if (id <= this.#from) this.#seen.delete(id);
    return fresh.map(({ tenant, scopes }) => ({ tenant, moved: new Map(Object.entries(scopes)) }));
  }
}
