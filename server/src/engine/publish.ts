import { sql } from 'drizzle-orm';
import { type Queryable, rowsOf } from '../db/database.ts';

/** Scope → its new version. */
export type Moved = ReadonlyMap<string, number>;

/** Turns marks into versions: those of one engine transaction, or some of those that anybody has committed. */
export async function publish(
  tx: Queryable,
  tenant: string,
  marks: { origin: string } | { most: number },
): Promise<Moved> {
  const [origin, most] = 'origin' in marks ? [marks.origin, null] : [null, marks.most];
  const moved = await rowsOf<{ scope: string; version: string | number }>(
    tx,
    sql`select scope, version from sync.publish(${tenant}, ${origin}, ${most})`,
  );
  return new Map(moved.map(({ scope, version }) => [scope, Number(version)]));
}
