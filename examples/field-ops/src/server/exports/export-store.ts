import type { Database, Queryable } from '@ekbaar/server';
import { and, eq, inArray, lt, sql } from 'drizzle-orm';
import { exportParts, exports } from './tables.ts';

export type Export = typeof exports.$inferSelect;

/** Somebody else writes the file now, or whoever asked for it has cancelled it: whoever hears this stops. */
export class ExportReplaced extends Error {
  override readonly name = 'ExportReplaced';
}

export async function findExport(db: Queryable, tenant: string, id: string): Promise<Export | undefined> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return undefined;
  const [found] = await db.select().from(exports).where(whichExport(tenant, id));
  return found;
}

/** Takes an export over from whoever had it, to begin at the beginning. @returns undefined when there is nothing to do */
export function takeExport(db: Queryable, tenant: string, id: string): Promise<Export | undefined> {
  return db.transaction(async (tx) => {
    const [taken] = await tx
      .update(exports)
      .set({ state: 'running', attempt: sql`${exports.attempt} + 1`, rows: 0, bytes: 0, error: null })
      .where(and(whichExport(tenant, id), inArray(exports.state, ['queued', 'running'])))
      .returning();
    if (taken !== undefined) await forgetParts(tx, tenant, id);
    return taken;
  });
}

/** Notes how far an export has come, if it is still this one's. @throws ExportReplaced */
export async function noteExport(
  tx: Queryable,
  { tenant, id, attempt }: Pick<Export, 'tenant' | 'id' | 'attempt'>,
  change: Partial<Export>,
): Promise<void> {
  const moved = await tx
    .update(exports)
    .set(change)
    .where(and(whichExport(tenant, id), eq(exports.attempt, attempt), eq(exports.state, 'running')))
    .returning({ id: exports.id });
  if (moved.length === 0) throw new ExportReplaced(`The export ${id} is another one’s now, or was cancelled`);
}

/** The file's bytes, as they were written. */
export async function* exportBytes(
  database: Database,
  { tenant, id }: Pick<Export, 'tenant' | 'id'>,
): AsyncGenerator<Uint8Array> {
  for (let part = 0; ; part++) {
    const [found] = await database.db
      .select({ bytes: exportParts.bytes })
      .from(exportParts)
      .where(and(eq(exportParts.tenant, tenant), eq(exportParts.exportId, id), eq(exportParts.part, part)));
    if (found === undefined) return;
    yield found.bytes;
  }
}

/** Ends an export before its time. @returns whether there was one to end */
export function endExport(db: Queryable, tenant: string, id: string, state: 'cancelled' | 'expired'): Promise<boolean> {
  return db.transaction(async (tx) => {
    const ended = await tx
      .update(exports)
      .set({ state, linkHash: null, linkExpiresAt: null })
      .where(and(whichExport(tenant, id), inArray(exports.state, ['queued', 'running', 'done'])))
      .returning({ id: exports.id });
    await forgetParts(tx, tenant, id);
    return ended.length > 0;
  });
}

/** Gives up on an export for good, however far it was; whoever asked is told. */
export async function failExport(db: Queryable, tenant: string, id: string, error: string): Promise<void> {
  await db.transaction(async (tx) => {
    const failed = await tx
      .update(exports)
      .set({ state: 'failed', error: error.slice(0, 500) })
      .where(and(whichExport(tenant, id), inArray(exports.state, ['queued', 'running'])))
      .returning({ id: exports.id });
    if (failed.length > 0) await forgetParts(tx, tenant, id);
  });
}

/** Throws the files away whose time is over. @returns how many */
export async function forgetExpired(database: Database, now: Date): Promise<number> {
  const expired = await database.db
    .select({ tenant: exports.tenant, id: exports.id })
    .from(exports)
    .where(and(lt(exports.expiresAt, now), eq(exports.state, 'done')))
    .limit(500);
  for (const { tenant, id } of expired) await endExport(database.db, tenant, id, 'expired');
  return expired.length;
}

async function forgetParts(tx: Queryable, tenant: string, id: string): Promise<void> {
  await tx.delete(exportParts).where(and(eq(exportParts.tenant, tenant), eq(exportParts.exportId, id)));
}

export function whichExport(tenant: string, id: string) {
  return and(eq(exports.tenant, tenant), eq(exports.id, id));
}
