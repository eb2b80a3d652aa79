import { isNumber, type Mint, tenantOf } from './canary.ts';
import type { Person } from './cast.ts';
import type { Changed, Place, TableName } from './places.ts';

/** What of an app is held: that nobody learns of what is not theirs, or (where mutators forget) not of another tenant. */
export type Level = 'scope' | 'tenant';

/** Who may learn what stands in a place, by the rules of the operation. Of the place's tenant only. */
interface Readers {
  readonly tenant: string;
  /** This agent, as role `agent`. */
  readonly agent?: string;
  /** Operations and settlement of this region. */
  readonly region?: string;
  /** Whoever has this name: receipts are of an actor, whatever its role. */
  readonly actor?: string;
  /** Operations of all regions, who may use the admin API. */
  readonly admins?: boolean;
  /** Who reconciles, of whatever region: a reference that the bank gave says that it was done before. */
  readonly settlers?: boolean;
}

export type Who = Pick<Person, 'tenant' | 'sub' | 'role' | 'regions'>;

/** `ops` read the regions that their claim names, or all of their tenant; `settlement` reads as they do. */
export function readsRegion({ role, regions }: Who, region: string): boolean {
  if (role !== 'ops' && role !== 'settlement') return false;
  return Array.isArray(regions) && (regions.includes('*') || regions.includes(region));
}

export function readsAgent({ role, sub }: Who, agent: string): boolean {
  return role === 'agent' && sub === agent;
}

export function readsScope(who: Who, scope: string): boolean {
  const { agent, region, actor } = readersOfScope('', scope);
  if (agent !== undefined) return readsAgent(who, agent);
  if (region !== undefined) return readsRegion(who, region);
  return actor === who.sub;
}

function mayAdminister({ role, regions }: Who): boolean {
  return role === 'ops' && Array.isArray(regions) && regions.includes('*');
}

function readersOfScope(tenant: string, scope: string): Readers {
  const at = scope.indexOf(':');
  const [kind, name] = [scope.slice(0, at), scope.slice(at + 1)];
  if (kind === 'agent') return { tenant, agent: name };
  return kind === 'region' ? { tenant, region: name } : { tenant, actor: kind === 'actor' ? name : '' };
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');

/** Who may learn a column of a row. Columns and tables that are named nowhere: nobody. */
const readersOf: Readonly<Partial<Record<TableName, (place: Place, column: string) => readonly Readers[]>>> = {
  agents: ({ tenant, row }) => [{ tenant, agent: text(row['id']), region: text(row['region_id']) }],
  deliveries: ({ tenant, row }) => [{ tenant, agent: text(row['agent_id']), region: text(row['region_id']) }],
  disbursements: ({ tenant, row }, column) => [
    { tenant, region: text(row['region_id']), settlers: column === 'bank_ref' },
  ],
  agentPositions: ({ tenant, row }) => [{ tenant, region: text(row['region_id']) }],
  receipts({ tenant, row }, column) {
    if (['key', 'name', 'args', 'client_id', 'close_reason'].includes(column))
      return [{ tenant, actor: text(row['actor']), admins: true }];
    // Whether its actor might learn the rest was asked when it was written.
    return ['result', 'error', 'actor'].includes(column) ? [{ tenant, admins: true }] : [];
  },
  halts: ({ tenant }) => [{ tenant, admins: true }],
  audit: ({ tenant }) => [{ tenant, admins: true }],
  // An id of a region's row that left it stays in the region's history.
  changes: ({ tenant, row }) => [readersOfScope(tenant, text(row['scope']))],
  scopes: ({ tenant, row }) => [readersOfScope(tenant, text(row['scope']))],
};

/** Knows for every canary who may see it now, from the tables and the rules of the operation alone. */
export class Oracle {
  readonly level: Level;
  readonly #people: readonly Who[];
  readonly #mints: readonly Mint[];
  readonly #tables = new Map<TableName, Table>();
  /** `tenant/sub canary`: told in a receipt when its actor might learn it. */
  readonly #told = new Set<string>();
  /** `tenant/sub canary`: what an actor has sent itself. It may come back in its receipts, and nowhere else. */
  readonly #sent = new Set<string>();
  readonly #receipts = new Set<string>();
  /** `tenant canary`: what people of a tenant have written themselves, wherever they had it from. */
  readonly #brought = new Set<string>();
  #places: readonly Place[] | undefined = [];

  constructor(level: Level, people: readonly Who[], mints: Iterable<Mint>) {
    this.level = level;
    this.#people = people;
    this.#mints = [...mints];
  }

  /** Somebody sends these to be written: a former receipt, for one, is kept as it came. */
  bring({ tenant, sub }: Who, canaries: Iterable<string>): void {
    for (const canary of canaries) {
      this.#brought.add(`${tenant} ${canary}`);
      this.#sent.add(`${tenant}/${sub} ${canary}`);
    }
  }

  /** Every row of every table. */
  get places(): readonly Place[] {
    return (this.#places ??= [...this.#tables.values()].flatMap(({ places }) => places));
  }

  /**
   * Looks at the tables as they are now.
   *
   * @param by the tenant of whose request came before; null: nobody may have changed anything; undefined: anybody may
   * @returns what must not be in them
   */
  look(changed: Changed, by: string | null | undefined): string[] {
    if (changed.size === 0) return [];
    const wrong: string[] = [];
    for (const [name, places] of changed) {
      const before = this.#tables.get(name);
      const table = this.#read(places, wrong);
      this.#tables.set(name, table);
      if (before !== undefined && by !== undefined) wrong.push(...changedBy(by, name, before, table));
    }
    this.#places = undefined;
    if (changed.has('deliveries')) this.#shareReceiptNumbers();
    for (const place of changed.get('receipts') ?? []) wrong.push(...this.#tellActor(place));
    return wrong;
  }

  #read(places: readonly Place[], wrong: string[]): Table {
    const read = { places, readers: new Map<string, Readers[]>(), tenants: new Map<string, Set<string>>() };
    for (const place of places) {
      const { table, tenant } = place;
      for (const [column, canaries] of place.canaries) {
        const readers = readersOf[table]?.(place, column) ?? [];
        for (const canary of canaries) {
          if (isNumber(canary) && !this.isCanary(canary)) continue;
          if (!this.#belongs(canary, tenant)) wrong.push(`${canary} came into ${table}.${column} of ${tenant}`);
          addTo(read.tenants, canary, tenant);
          const of = read.readers.get(canary);
          if (of === undefined) read.readers.set(canary, [...readers]);
          else of.push(...readers);
        }
      }
    }
    return read;
  }

  maySee(who: Who, canary: string): boolean {
    if (this.level === 'tenant')
      return (
        this.#belongs(canary, who.tenant) || this.#some(({ tenants }) => tenants.get(canary)?.has(who.tenant) === true)
      );
    if (this.#told.has(`${who.tenant}/${who.sub} ${canary}`)) return true;
    return this.#some(({ readers }) => readers.get(canary)?.some((each) => admits(each, who)) === true);
  }

  /** Whether it is one: a sum may look like a number that was minted, and any text like the number of a receipt. */
  isCanary(canary: string): boolean {
    if (isNumber(canary)) return this.#mints.some((mint) => mint.minted(canary));
    return tenantOf(canary) !== undefined || this.#some(({ tenants }) => tenants.has(canary));
  }

  #some(has: (table: Table) => boolean): boolean {
    for (const table of this.#tables.values()) if (has(table)) return true;
    return false;
  }

  #belongs(canary: string, tenant: string): boolean {
    const born = tenantOf(canary);
    return born === tenant || born === undefined || this.#brought.has(`${tenant} ${canary}`);
  }

  /** Who would confirm an instalment again is told the number of the receipt that it has. */
  #shareReceiptNumbers(): void {
    const { places: deliveries, readers } = this.#tables.get('deliveries') ?? {
      places: [],
      readers: new Map<string, Readers[]>(),
    };
    const holders = new Map<string, Readers[]>();
    const instalment = ({ tenant, row }: Place) => `${tenant} ${text(row['loan_id'])} ${String(row['instalment_no'])}`;
    for (const place of deliveries) {
      const holder = { tenant: place.tenant, agent: text(place.row['agent_id']) };
      holders.set(instalment(place), [...(holders.get(instalment(place)) ?? []), holder]);
    }
    for (const place of deliveries) {
      for (const canary of place.canaries.get('receipt_no') ?? [])
        readers.get(canary)?.push(...(holders.get(instalment(place)) ?? []));
    }
  }

  /** A receipt that is new, or new in its outcome: its actor gets it, so it may hold only what that one may learn. */
  #tellActor({ tenant, row, canaries, text: all }: Place): string[] {
    const id = `${tenant} ${all}`;
    if (this.#receipts.has(id)) return [];
    this.#receipts.add(id);
    const [sub, role] = [text(row['actor']), text(row['role'])];
    const person = this.#people.find((one) => one.tenant === tenant && one.sub === sub && one.role === role);
    const who: Who = person ?? { tenant, sub, role, regions: undefined };
    const wrong: string[] = [];
    for (const column of ['result', 'error']) {
      for (const canary of canaries.get(column) ?? []) {
        if (isNumber(canary) && !this.isCanary(canary)) continue;
        // The number of one's own receipt is born there.
        const born = column === 'result' && tenantOf(canary) === undefined;
        const own = this.#sent.has(`${tenant}/${sub} ${canary}`);
        if (!born && !own && !this.maySee(who, canary))
          wrong.push(`${canary} was told to ${tenant}/${sub} in a receipt's ${column}`);
        this.#told.add(`${tenant}/${sub} ${canary}`);
      }
    }
    return wrong;
  }
}

/** A table as it was last read. */
interface Table {
  readonly places: readonly Place[];
  readonly readers: ReadonlyMap<string, Readers[]>;
  /** In rows of which tenants a canary stands. */
  readonly tenants: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Rows of tenants other than `by`'s that are not as they were. */
function changedBy(by: string | null, name: TableName, before: Table, now: Table): string[] {
  const others = ({ places }: Table) =>
    new Set(places.filter(({ tenant }) => tenant !== by).map(({ text: row }) => row));
  const [was, is] = [others(before), others(now)];
  const said = (what: string, rows: readonly string[]) =>
    rows.map((row) => `${by ?? 'nobody'} ${what} a row of ${name}: ${row.slice(0, 300)}`);
  return [
    ...said(
      'wrote',
      [...is].filter((row) => !was.has(row)),
    ),
    ...said(
      'took',
      [...was].filter((row) => !is.has(row)),
    ),
  ];
}

function admits({ tenant, agent, region, actor, admins, settlers }: Readers, who: Who): boolean {
  if (tenant !== who.tenant) return false;
  return (
    (agent !== undefined && readsAgent(who, agent)) ||
    (region !== undefined && readsRegion(who, region)) ||
    (actor !== undefined && actor === who.sub) ||
    (admins === true && mayAdminister(who)) ||
    (settlers === true && who.role === 'settlement')
  );
}

function addTo<K>(map: Map<K, Set<string>>, key: K, value: string): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
}
