import { sql } from 'drizzle-orm';
import { type Database, jsonParameter, type Queryable, rowsOf, textArray } from '../db/database.ts';
import type { Pokes } from './pokes.ts';
import type { Moved } from './publish.ts';

/** Calls `run` after so many milliseconds, unless the function that it returns is called before. */
export type StartTimer = (ms: number, run: () => void) => () => void;

/** A timer that keeps no process alive. */
export const startTimer: StartTimer = (ms, run) => {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
};

export interface PokeRelayOptions {
  readonly database: Database;
  /** The event streams of this node. */
  readonly pokes: Pokes;
  /** Told once when the database stops taking or giving pokes, not of every try after it. */
  readonly onError: (error: unknown) => void;
  readonly startTimer?: StartTimer;
  /** How long moves are gathered before they are written; 50 ms by default. */
  readonly gatherMs?: number;
  /** Pause between two looks while pokes come, and the longest one while none do; 150 and 500 ms by default. */
  readonly pollMs?: number;
  readonly longestPollMs?: number;
}

/** A load of a million rows may move as many scopes: what is beyond this is left to the phones' own timers. */
const mostGathered = 10_000;
const scopesPerRow = 500;
/** A transaction that was given a lower number may commit later, by moments: so long numbers are asked for again. */
const unsettledSeconds = 1;
const keptSeconds = 10;
const deletedAtOnce = 10_000;

/**
 * Tells the other nodes which scopes moved, through rows that live for seconds: it works behind any pooler, and no
 * mutation's transaction has a part in it. Moves are gathered, and written with one statement; who has event streams
 * looks for the rows of its tenants. The database being away fails nothing and loses hints only.
 */
export class PokeRelay {
  readonly #options: Required<Omit<PokeRelayOptions, 'startTimer'>>;
  readonly #startTimer: StartTimer;
  /** How this node knows its own rows. */
  readonly #node: string = crypto.randomUUID();
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #unsubscribe: () => void;
  #stopped = false;
  #cancelWrite: (() => void) | undefined;
  #cancelRead: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  #reading: Promise<void> | undefined;
  #pauseMs = 0;
  /** Counts in looks and loads: no clock is needed for what may be early or late. */
  #writtenLoads = 0;
  #failing = false;
  #sent = 0;
  #received = 0;

  constructor({ startTimer: timer = startTimer, ...options }: PokeRelayOptions) {
    this.#options = { gatherMs: 50, pollMs: 150, longestPollMs: 500, ...options };
    this.#startTimer = timer;
    this.#writer = new Writer(this.#node);
    this.#reader = new Reader(this.#node);
    this.#unsubscribe = options.pokes.onSubscribed(() => this.#look());
  }

  /** Pokes written for other nodes since the start, and pokes of theirs that somebody here listens for. */
  get sent(): number {
    return this.#sent;
  }

  get received(): number {
    return this.#received;
  }

  /** Takes note of what this node moved; the others hear of it a moment later. */
  gather(tenant: string, moved: Moved): void {
    if (moved.size === 0 || this.#stopped) return;
    this.#writer.gather(tenant, moved);
    if (this.#writing !== undefined) return;
    this.#cancelWrite ??= this.#startTimer(this.#options.gatherMs, () => void this.#write());
  }

  /** Writes what is gathered and ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    this.#cancelRead?.();
    await Promise.all([this.#writing, this.#reading]);
    await this.#write();
  }

  #write(): Promise<void> {
    this.#cancelWrite?.();
    this.#cancelWrite = undefined;
    this.#writing = this.#attempt(async (db) => {
      this.#sent += await this.#writer.write(db);
      const everyMs = keptSeconds * 1000;
      if (this.#writtenLoads++ % Math.ceil(everyMs / this.#options.gatherMs) === 0) await this.#writer.deleteOld(db);
    }).then(() => {
      this.#writing = undefined;
      if (this.#writer.isEmpty || this.#stopped) return;
      this.#cancelWrite = this.#startTimer(this.#options.gatherMs, () => void this.#write());
    });
    return this.#writing;
  }

  /** Looks at once, unless a look is under way or due. */
  #look(): void {
    if (this.#stopped || this.#reading !== undefined || this.#cancelRead !== undefined) return;
    this.#pauseMs = this.#options.pollMs;
    this.#read();
  }

  #read(): void {
    this.#cancelRead = undefined;
    const { pokes, pollMs, longestPollMs } = this.#options;
    const { tenants } = pokes;
    if (tenants.length === 0) {
      this.#reader.forget();
      return;
    }
    let found = 0;
    this.#reading = this.#attempt(async (db) => {
      for (const { tenant, moved } of await this.#reader.read(db, tenants)) {
        found++;
        this.#received++;
        pokes.publish(tenant, moved);
      }
    }).then(() => {
      this.#reading = undefined;
      if (this.#stopped) return;
      this.#pauseMs = found > 0 ? pollMs : Math.min(longestPollMs, this.#pauseMs * 1.3);
      this.#cancelRead = this.#startTimer(this.#pauseMs, () => this.#read());
    });
  }

  async #attempt(body: (db: Queryable) => Promise<void>): Promise<void> {
    try {
      await body(this.#options.database.db);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing && !this.#stopped) this.#options.onError(error);
      this.#failing = true;
    }
  }
}

/** What is on its way from this node to the others. */
class Writer {
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

interface Look {
  /** The highest number that no lower one can follow any more. */
  readonly settled: string | number;
  readonly last: string | number;
  readonly pokes: readonly { id: number; tenant: string; scopes: Record<string, number> }[] | null;
}

/** What has come from the other nodes. */
class Reader {
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

function parts<T>(of: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(of.length / scopesPerRow) }, (_, at) =>
    of.slice(at * scopesPerRow, (at + 1) * scopesPerRow),
  );
}
