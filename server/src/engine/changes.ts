import { sql } from 'drizzle-orm';
import { jsonParameter, type Queryable, readsOnly, rowsOf } from '../db/database.ts';
import { type ReadTable, rowOfLine } from './rows.ts';
import type { LastLine, Start } from './traversal.ts';

/** The changes of one page, as they go out. */
export interface Changes {
  /** `Change[]` of the protocol, as JSON text. */
  readonly json: string;
  readonly count: number;
  /** Where the page was cut; undefined: there was no more. */
  readonly open: LastLine | undefined;
}

/** Of JSON text, after which a page goes no further: a few large rows must not become an answer that nobody can hold. */
export const bytesPerPage = 4 * 1024 * 1024;

const noChanges: Changes = { json: '[]', count: 0, open: undefined };

/**
 * The next lines, in order of scope, version, collection and row, each with its row. PostgreSQL writes the JSON that goes
 * out: taken apart here and put together again it would cost more than all the rest.
 *
 * @param starts scopes in the order in which they are sent
 */
export async function readChanges(
  tx: Queryable,
  tables: ReadonlyMap<string, ReadTable>,
  tenant: string,
  starts: readonly Start[],
  limit: number,
): Promise<Changes> {
  if (starts.length === 0) return noChanges;
  const places = starts.map((start, place) => ({ place, ...start }));
  const member = (name: string, value: string) => sql.raw(`'${name}' || ${value}`);
  const change = sql.join(
    [
      member('{"scope":', 'to_json(l.scope)::text'),
      member(',"collection":', 'to_json(l.collection)::text'),
      member(',"id":', 'to_json(l.row_id)::text'),
      member(',"version":', 'l.version'),
      member(',"tag":', 'l.tag'),
      sql`',"row":' || coalesce(case when l.tag <> 0 then ${rowOfLine(tables, tenant)} end, 'null') || '}'`,
    ],
    sql` || `,
  );
  const last = (column: string) => sql.raw(`max(${column}) filter (where goes and fills)`);
  const [page] = await rowsOf<
    Omit<LastLine, 'version'> & { changes: string | null; found: number; kept: number; version: string }
  >(
    tx,
    sql`${readsOnly}with lines as materialized (
          select p.place, c.* from json_to_recordset(${jsonParameter(places)})
              as p (place int, scope text, version bigint, collection text, id text, began bigint)
            cross join lateral (
              select c.scope, c.version, c.collection, c.row_id, c.tag from sync.changes c
              where c.tenant = ${tenant} and c.scope = p.scope and (c.version, c.collection, c.row_id) > (p.version, p.collection, p.id)
                and not (c.tag = 0 and c.version <= p.began)
              order by c.version, c.collection, c.row_id limit ${limit + 1}
            ) c
          order by p.place, c.version, c.collection, c.row_id limit ${limit + 1}
        ), numbered as (
          select l.*, row_number() over (order by l.place, l.version, l.collection, l.row_id) as nth from lines l
        ), written as (
          select l.nth, l.scope, l.version, l.collection, l.row_id, case when l.nth <= ${limit} then ${change} end as change
          from numbered l
          -- on its own: merged with what follows, a change would be written for each place that names it
          offset 0
        ), weighed as (
          select w.*, sum(octet_length(w.change)) over (order by w.nth rows unbounded preceding) as bytes from written w
        ), cut as (
          -- the line that fills the page still goes
          select w.*, w.nth <= ${limit} and bytes - octet_length(w.change) < ${bytesPerPage} as goes,
            w.nth = ${limit} or bytes >= ${bytesPerPage} as fills
          from weighed w
        )
        select (select count(*) from lines)::int as found, (count(*) filter (where goes))::int as kept,
          string_agg(change, ',' order by nth) filter (where goes) as changes,
          ${last('scope')} as scope, ${last('version')}::text as version, ${last('collection')} as collection, ${last('row_id')} as id
        from cut`,
  );
  if (page === undefined || page.found === 0) return noChanges;
  const { found, kept, changes, scope, version, collection, id } = page;
  return {
    json: `[${changes ?? ''}]`,
    count: kept,
    open: found > kept ? { scope, version: Number(version), collection, id } : undefined,
  };
}
