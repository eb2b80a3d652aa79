import type { Sql } from 'postgres';
import { canariesIn } from './canary.ts';

/** A row of some table, as a superuser sees it. */
export interface Place {
  readonly table: TableName;
  readonly tenant: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Every canary in it, by column. */
  readonly canaries: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Every table that holds something of a tenant, but for marks, notes of tries and pokes, which go while one looks. */
const tables = {
  deliveries: 'public.deliveries',
  agents: 'public.agents',
  disbursements: 'public.disbursements',
  agentPositions: 'public.agent_positions',
  agentTrack: 'public.agent_track',
  ledgerAccounts: 'public.ledger_accounts',
  ledgerEntries: 'public.ledger_entries',
  dayClosings: 'public.day_closings',
  receipts: 'sync.receipts',
  slots: 'sync.slots',
  halts: 'sync.halts',
  once: 'sync.once',
  audit: 'sync.audit',
  clients: 'sync.clients',
  scopes: 'sync.scopes',
  changes: 'sync.changes',
  jobs: `(select ctid, xmin, data->>'tenant' as tenant, name, data from pgboss.job where data ? 'tenant')`,
} as const;
export type TableName = keyof typeof tables;

const names = Object.keys(tables) as TableName[];

/** Which row versions a table holds: they tell whether it is as it was, without its rows. */
const versions = names
  .map(
    (table) =>
      `select '${table}' as "table", string_agg(t.ctid::text || t.xmin::text, ',') as versions from ${tables[table]} t`,
  )
  .join(' union all ');

/** The rows of the tables that are not as they were when they were last read. */
export type Changed = ReadonlyMap<TableName, readonly Place[]>;

/** Reads every table, past everything that is under test. */
export class Places {
  readonly #sql: Sql;
  readonly #versions = new Map<TableName, string | null>();
  /** Most rows are the same as when they were last read. */
  readonly #known = new Map<TableName, ReadonlyMap<string, Place>>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async read(): Promise<Changed> {
    const found = await this.#sql.unsafe<{ table: TableName; versions: string | null }[]>(versions);
    const stale = found.filter((each) => this.#versions.get(each.table) !== each.versions);
    if (stale.length === 0) return new Map();
    for (const each of stale) this.#versions.set(each.table, each.versions);
    // As json, which keeps whatever text is in it.
    const everything = stale.map(
      ({ table }) => `select '${table}' as "table", t.tenant, row_to_json(t)::text as text from ${tables[table]} t`,
    );
    const rows = await this.#sql.unsafe<{ table: TableName; tenant: string; text: string }[]>(
      everything.join(' union all '),
    );
    const changed = new Map(stale.map(({ table }) => [table, [] as Place[]]));
    for (const { table, tenant, text } of rows) {
      changed.get(table)?.push(this.#known.get(table)?.get(text) ?? placeOf(table, tenant, text));
    }
    for (const [table, places] of changed) this.#known.set(table, new Map(places.map((place) => [place.text, place])));
    return changed;
  }
}

function placeOf(table: TableName, tenant: string, text: string): Place {
  const row = JSON.parse(text) as Record<string, unknown>;
  const canaries = new Map(
    Object.entries(row)
      .map(
        ([column, value]) => [column, canariesIn(typeof value === 'string' ? value : JSON.stringify(value))] as const,
      )
      .filter(([, found]) => found.size > 0),
  );
  return { table, tenant, row, text, canaries };
}
