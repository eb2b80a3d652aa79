import { type Collection, fieldsOf, type Model } from '@ekbaar/sdk/model';
import { getTableColumns } from 'drizzle-orm';
import { getTableConfig, type PgColumn, type PgTable } from 'drizzle-orm/pg-core';
import { literal, quoted } from '../db/identifier.ts';
import { isoMoment } from '../db/moment.ts';
import { storedType } from '../db/stored-type.ts';
import { actorPrefix } from './actor.ts';
import { receiptsCollection } from './receipts-collection.ts';

/** Rows of a table are in the scope `<kind>:<value of the column>`. */
export interface ScopeRule {
  readonly kind: string;
  readonly column: PgColumn;
}

/**
 * A scope rule: rows are in the scope `kind:value`, and in none where the column is null.
 *
 * @example
 * { table: deliveries, scopes: [by('agent', deliveries.agentId), by('region', deliveries.regionId)] }
 */
export function by(kind: string, column: PgColumn): ScopeRule {
  if (!/^[a-z][a-z0-9_-]{0,30}$/.test(kind)) throw new TypeError(`by: "${kind}" is no scope kind (a-z, 0-9, _ and -)`);
  if (`${kind}:` === actorPrefix) throw new TypeError(`by: scopes of the kind "${kind}" are the engine's own`);
  return { kind, column };
}

/** How a collection is kept: its table, and the scopes its rows are in. The table needs a column named `tenant`. */
export interface TableDeclaration {
  readonly table: PgTable;
  readonly scopes: readonly ScopeRule[];
}

/** A declared table, with the SQL texts that reading and publishing it need. `t` is the table's alias in all of them. */
export interface SyncedTable {
  readonly collection: string;
  readonly declaration: Collection;
  readonly table: PgTable;
  /** Schema-qualified and quoted. */
  readonly name: string;
  readonly key: PgColumn;
  readonly tenant: PgColumn;
  readonly scopes: readonly ScopeRule[];
  /** Field of the collection → column. */
  readonly columns: ReadonlyMap<string, PgColumn>;
  /** A JSON object of the client-visible columns. */
  readonly rowSql: string;
  /** An array of the row's scopes; null where it is in none by that rule. */
  readonly scopesSql: string;
  /** Parameters: tenant, row ids as text[]. Gives (collection, row_id, scope); the protocol has no longer scopes. */
  readonly scopesQuery: string;
}

/**
 * Matches the model's collections with their tables.
 *
 * @throws TypeError that names the collection and the field when something does not fit.
 */
export function syncedTables(
  model: Model,
  tables: Readonly<Record<string, TableDeclaration>>,
): ReadonlyMap<string, SyncedTable> {
  if (receiptsCollection in model.collections)
    throw new TypeError(`tables: the collection "${receiptsCollection}" is the engine's own`);
  const extra = Object.keys(tables).find((name) => !(name in model.collections));
  if (extra !== undefined) throw new TypeError(`tables: the model has no collection "${extra}"`);
  return new Map(
    Object.entries(model.collections).map(([collection, declaration]) => {
      const declared = tables[collection];
      if (declared === undefined) throw new TypeError(`tables: no table for the collection "${collection}"`);
      return [collection, syncedTable(collection, declaration, declared)];
    }),
  );
}

function syncedTable(collection: string, declaration: Collection, { table, scopes }: TableDeclaration): SyncedTable {
  const all = getTableColumns(table) as Record<string, PgColumn>;
  const column = (field: string): PgColumn => {
    const found = all[field];
    if (found === undefined)
      throw new TypeError(`tables.${collection}: the table has no column for the field "${field}"`);
    return found;
  };
  const name = tableName(table);
  const columns = new Map(fieldsOf(declaration.schema).map((field) => [field, column(field)]));
  const key = column(declaration.key);
  const tenant = column('tenant');
  const fields = [...columns].map(([field, of]) => `${jsonValue(of)} AS ${quoted(field)}`);
  return {
    collection,
    declaration,
    table,
    name,
    key,
    tenant,
    scopes,
    columns,
    rowSql: `to_json((SELECT r FROM (SELECT ${fields.join(', ')}) r))`,
    scopesSql: `ARRAY[${scopes.map(scopeOf).join(', ')}]::text[]`,
    scopesQuery: scopesQuery({ collection, name, key, tenant, scopes }, { type: storedType(key), equals: '=' }),
  };
}

function scopeOf(rule: ScopeRule): string {
  return `${literal(`${rule.kind}:`)} || t.${quoted(rule.column.name)}::text`;
}

/** How a key is read from its text and compared. */
export interface KeyType {
  readonly type: string;
  readonly equals: string;
}

/** {@link SyncedTable.scopesQuery} with a key of this type. */
export function scopesQuery(
  { collection, name, key, tenant, scopes }: Pick<SyncedTable, 'collection' | 'name' | 'key' | 'tenant' | 'scopes'>,
  { type, equals }: KeyType,
): string {
  return (
    `SELECT ${literal(collection)}::text, t.${quoted(key.name)}::text, s.scope FROM ${name} t ` +
    `CROSS JOIN LATERAL (VALUES ${scopes.map((rule) => `(${scopeOf(rule)})`).join(', ')}) s (scope) ` +
    `WHERE t.${quoted(tenant.name)} = $1 AND t.${quoted(key.name)} ${equals} ANY ($2::text[]::${type}[]) AND length(s.scope) <= 200`
  );
}

/** A table's name, schema-qualified and quoted. */
export function tableName(table: PgTable): string {
  const config = getTableConfig(table);
  return `${quoted(config.schema ?? 'public')}.${quoted(config.name)}`;
}

/** A column as a JSON value: moments as ISO 8601 in UTC, numbers that a double cannot hold as text. */
function jsonValue(column: PgColumn): string {
  const value = `t.${quoted(column.name)}`;
  const type = storedType(column);
  if (type.startsWith('timestamp')) return isoMoment(value, type.includes('with time zone'));
  const exact = type.startsWith('numeric') || (type === 'bigint' && column.dataType === 'bigint');
  return exact ? `${value}::text` : value;
}
