import { createHash } from 'node:crypto';
import { type SQL, sql } from 'drizzle-orm';
import type { SyncedTable } from '../engine/synced-table.ts';
import { type Queryable, rowsOf, textArray } from './database.ts';
import { type FunctionSettings, keptSettings, ownersPath, sameTexts, settingClauses } from './function-settings.ts';
import { literal, quoted } from './identifier.ts';
import { storedType } from './stored-type.ts';

/**
 * How often the triggers of a table fire: once for a statement, or once for each row. Rows cost more, and are needed
 * where a transition table is not seen: on a Citus cluster, on partitions that are written to by their own names or by
 * their parent's, and on a table that logical replication fills.
 */
export type TriggerKind = 'statement' | 'row';

/** Whether a table, `c` of `pg_class`, has writes that only triggers of each row see. */
export const needsRowTriggers: SQL = sql.raw(
  `(c.relkind = 'p' or c.relispartition or exists (select from pg_extension where extname = 'citus'))`,
);

export type MarkedTable = Pick<SyncedTable, 'collection' | 'name' | 'key' | 'tenant'>;

const operations = ['insert', 'update', 'delete', 'truncate'] as const;

/** Under their names triggers of one table for all collections called `sync.mark`. */
const formerTriggers = operations.map((operation) => `ekbaar_${operation}`);

/** PostgreSQL cuts longer identifiers, and two of them could become one. */
const longestIdentifier = 63;

function generatedName(prefix: string, collection: string): string {
  const name = `${prefix}_${collection}`;
  if (name.length <= longestIdentifier) return name;
  const hash = createHash('sha256').update(collection).digest('hex').slice(0, 12);
  return `${name.slice(0, longestIdentifier - 13)}_${hash}`;
}

/** The function in the schema `sync` that marks what is written to a collection's table. */
function markFunction(collection: string): string {
  return generatedName('mark', collection);
}

/** The triggers of a collection on its table: on insert, update, delete and truncate. */
function markTriggers(collection: string): string[] {
  return operations.map((operation) => generatedName(`ekbaar_${operation}`, collection));
}

/**
 * Whether a row can be on a phone: the protocol has no longer ids. What cannot leaves no mark: it must not keep another
 * program from writing it.
 */
export function isFit(table: Pick<SyncedTable, 'key' | 'tenant'>, alias: string): string {
  return `length(${alias}.${quoted(table.tenant.name)}::text) <= 64 AND length(${alias}.${quoted(table.key.name)}::text) <= 256`;
}

function functionBody(table: MarkedTable, kind: TriggerKind): string {
  return `
#variable_conflict use_variable
DECLARE
  -- An empty origin is every program but the engine, which names each of its transactions.
  v_origin text := coalesce(current_setting('ekbaar.origin', true), '');${kind === 'row' ? '' : declarations}
BEGIN
  ${kind === 'row' ? markRow(table) : markRows(table)}
  ELSE
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
        MESSAGE = format('%I.%I is synced: a transaction of this isolation level cannot truncate it', TG_TABLE_SCHEMA, TG_TABLE_NAME),
        DETAIL = 'It does not see all rows that go, and they would stay on the phones.',
        HINT = 'Truncate in a READ COMMITTED transaction, or DELETE.';
    END IF;
    -- By the name that the trigger is told: a shard of a cluster marks its own rows.
    EXECUTE ${literal(`${into} SELECT ${values(table, 't', '$1')} FROM `)}
      || format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME) || ${literal(` t WHERE ${isFit(table, 't')}`)} USING v_origin;
  END IF;
  RETURN NULL;
END `;
}

const into = 'INSERT INTO sync.dirty (tenant, collection, row_id, origin)';

function values(table: MarkedTable, of: string, origin = 'v_origin'): string {
  return `${of}.${quoted(table.tenant.name)}::text, ${literal(table.collection)}, ${of}.${quoted(table.key.name)}::text, ${origin}`;
}

/** Bytes of marks that a transaction of the engine may gather in its setting: appending copies what is there. */
const mostGathered = 65_536;

const declarations = `
  v_tenant text := current_setting('ekbaar.tenant', true);
  v_gathered text := coalesce(current_setting('ekbaar.marks', true), '');
  v_ids text;
  v_own boolean;`;

/**
 * Marks of an engine transaction are for its own publish alone, so they wait in a setting that ends with it, and are undone
 * with its savepoints, and no table is written and cleared for them. But for those of another tenant's rows, those of very
 * many, and those that come when the transaction has published already (`-`).
 */
function markRows(table: MarkedTable): string {
  const marks = (rows: string, of: string) =>
    `SELECT ${of}.${quoted(table.tenant.name)}::text AS tenant, ${of}.${quoted(table.key.name)}::text AS row_id FROM ${rows} ${of} WHERE ${isFit(table, of)}`;
  const of = {
    INSERT: marks('new_rows', 'n'),
    UPDATE: `${marks('old_rows', 'o')} UNION ${marks('new_rows', 'n')}`,
    DELETE: marks('old_rows', 'o'),
  };
  const gather = Object.entries(of).map(
    ([operation, rows]) => `IF TG_OP = '${operation}' THEN
      SELECT string_agg(to_json(m.row_id)::text, ','), bool_and(m.tenant IS NOT DISTINCT FROM v_tenant) INTO v_ids, v_own FROM (${rows}) m;`,
  );
  const write = Object.entries(of).map(
    ([operation, rows]) => `IF TG_OP = '${operation}' THEN
    ${into} SELECT m.tenant, ${literal(table.collection)}, m.row_id, v_origin FROM (${rows}) m;`,
  );
  return `IF v_origin <> '' AND v_gathered <> '-' AND octet_length(v_gathered) < ${mostGathered} AND TG_OP <> 'TRUNCATE' THEN
    ${gather.join('\n    ELS')}
    END IF;
    IF v_own THEN
      PERFORM set_config('ekbaar.marks', v_gathered || ${literal(`,[${JSON.stringify(table.collection)},`)} || v_ids || ']', true);
    END IF;
    IF v_own IS DISTINCT FROM false THEN
      RETURN NULL;
    END IF;
  END IF;
  ${write.join('\n  ELS')}`;
}

function markRow(table: MarkedTable): string {
  const identity = (of: string) => `(${of}.${quoted(table.tenant.name)}, ${of}.${quoted(table.key.name)})`;
  const mark = (of: string, also = '') => `IF ${also}${isFit(table, of)} THEN
      ${into} VALUES (${values(table, of)});
    END IF;`;
  return `IF TG_OP = 'INSERT' THEN
    ${mark('NEW')}
  ELSIF TG_OP = 'UPDATE' THEN
    ${mark('NEW')}
    ${mark('OLD', `${identity('OLD')} IS DISTINCT FROM ${identity('NEW')} AND `)}
  ELSIF TG_OP = 'DELETE' THEN
    ${mark('OLD')}`;
}

/** Types whose text no setting of a session changes. For a trigger of each row, settings cost a third of its time. */
const plainTypes = /^(text|varchar|char|uuid|smallint|integer|bigint)\b/;

function markSettings({ key, tenant }: MarkedTable): FunctionSettings {
  return [key, tenant].every((column) => plainTypes.test(storedType(column)))
    ? ownersPath
    : { ...ownersPath, ...sameTexts };
}

/** Whether a table's triggers are those that this version makes, older ones that mark as well, or not all there and on. */
export async function marksInForce(
  db: Queryable,
  table: MarkedTable,
  kind: TriggerKind,
): Promise<'current' | 'older' | 'missing'> {
  const names = markTriggers(table.collection);
  const settings = textArray(keptSettings(markSettings(table)));
  const [found] = await rowsOf<{ current: number; marking: number; former: number }>(
    db,
    sql`select count(*) filter (
            where p.proname = ${markFunction(table.collection)} and p.prosrc = ${functionBody(table, kind)}
              and p.proconfig @> ${settings} and p.proconfig <@ ${settings}
          )::int as current,
          count(*) filter (where t.tgname = any(${textArray(names)}))::int as marking,
          count(*) filter (where t.tgname = any(${textArray(formerTriggers)}))::int as former
        from pg_trigger t join pg_proc p on p.oid = t.tgfoid
        where t.tgrelid = to_regclass(${table.name}) and t.tgenabled = 'A'
          and t.tgname = any(${textArray([...names, ...formerTriggers])})`,
  );
  if (found?.current === operations.length) return found.former === 0 ? 'current' : 'older';
  return found?.marking === operations.length || found?.former === operations.length ? 'older' : 'missing';
}

/**
 * Lets every write of a table leave a mark in `sync.dirty`, whoever writes. Static SQL, so that its plans are kept. Waits
 * for those who write to the table now, and they for the transaction's end.
 */
export async function installMarks(tx: Queryable, table: MarkedTable, kind: TriggerKind): Promise<void> {
  const name = `sync.${quoted(markFunction(table.collection))}`;
  await dropFormerTriggers(tx, table.name);
  await tx.execute(
    sql.raw(
      `CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER ${settingClauses(markSettings(table))} ` +
        `AS ${literal(functionBody(table, kind))}`,
    ),
  );
  const each = kind === 'row' ? 'FOR EACH ROW' : 'FOR EACH STATEMENT';
  const see = (rows: string) => (kind === 'row' ? '' : ` REFERENCING ${rows}`);
  const events = [
    `AFTER INSERT ON ${table.name}${see('NEW TABLE AS new_rows')} ${each}`,
    `AFTER UPDATE ON ${table.name}${see('OLD TABLE AS old_rows NEW TABLE AS new_rows')} ${each}`,
    `AFTER DELETE ON ${table.name}${see('OLD TABLE AS old_rows')} ${each}`,
    // Before: afterwards nobody could say which rows there were.
    `BEFORE TRUNCATE ON ${table.name} FOR EACH STATEMENT`,
  ];
  for (const [at, trigger] of markTriggers(table.collection).entries()) {
    await tx.execute(sql.raw(`CREATE OR REPLACE TRIGGER ${quoted(trigger)} ${events[at]} EXECUTE FUNCTION ${name}()`));
    // Also when a replication or restore tool has switched ordinary triggers off.
    await tx.execute(sql.raw(`ALTER TABLE ${table.name} ENABLE ALWAYS TRIGGER ${quoted(trigger)}`));
  }
}

/** @param tableName schema-qualified and quoted */
async function dropFormerTriggers(tx: Queryable, tableName: string): Promise<void> {
  const former = await rowsOf<{ name: string }>(
    tx,
    sql`select t.tgname as name from pg_trigger t
        where t.tgrelid = to_regclass(${tableName}) and t.tgname = any(${textArray(formerTriggers)})`,
  );
  for (const { name } of former) await tx.execute(sql.raw(`DROP TRIGGER ${quoted(name)} ON ${tableName}`));
}

/** Writes leave no marks any more; a table that is gone has none to lose. */
export async function dropMarks(tx: Queryable, collection: string, tableName: string): Promise<void> {
  const [table] = await rowsOf<{ there: boolean }>(tx, sql`select to_regclass(${tableName}) is not null as there`);
  if (table?.there === true) {
    await dropFormerTriggers(tx, tableName);
    for (const trigger of markTriggers(collection)) {
      await tx.execute(sql.raw(`DROP TRIGGER IF EXISTS ${quoted(trigger)} ON ${tableName}`));
    }
  }
  await tx.execute(sql.raw(`DROP FUNCTION IF EXISTS sync.${quoted(markFunction(collection))}()`));
}
