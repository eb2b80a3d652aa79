import { sql } from 'drizzle-orm';
import { type Queryable, rowsOf } from './database.ts';
import type { TriggerKind } from './mark-trigger.ts';

/** A table that is synced, as the database has it written down. */
export interface TrackedTable {
  readonly collection: string;
  /** Schema-qualified and quoted. */
  readonly table: string;
  readonly scopesQuery: string;
  /** The engine's own: no model declares it. */
  readonly builtIn: boolean;
  /** The version of the model that declared it last; 0 where that is not known. */
  readonly model: number;
  readonly triggers: TriggerKind | undefined;
  /** Whether all rows that it held when it was tracked are marked. */
  readonly filled: boolean;
}

/** All synced tables, the engine's own among them. */
export async function trackedTables(db: Queryable): Promise<TrackedTable[]> {
  const rows = await rowsOf<
    Pick<TrackedTable, 'collection' | 'table' | 'scopesQuery' | 'filled'> & { definition: string }
  >(
    db,
    sql`select collection, table_name as "table", scopes_query as "scopesQuery", definition, filled
        from sync.tracked order by collection`,
  );
  return rows.map(({ definition, ...row }) => ({
    ...row,
    builtIn: definition === builtIn,
    ...declarationOf(definition),
  }));
}

const builtIn = 'built in';

function declarationOf(definition: string): Pick<TrackedTable, 'model' | 'triggers'> {
  // Versions before this wrote a hash.
  if (!definition.startsWith('{')) return { model: 0, triggers: undefined };
  return JSON.parse(definition) as { model: number; triggers: TriggerKind };
}
