import { createHash, randomUUID } from 'node:crypto';
import { type Database, ProblemError, type Queryable } from '@ekbaar/server';
import { and, eq, lt, notInArray } from 'drizzle-orm';
import { derivedKey } from '../jobs/idempotency-key.ts';
import { findRun, type Run } from './run-store.ts';
import { settlementRuns, settlementUploads } from './tables.ts';

/** A file of half a million lines. */
const mostBytes = 128 * 1024 * 1024;
const partBytes = 256 * 1024;

export interface ReceivedFile {
  readonly tenant: string;
  readonly name: string;
  readonly by: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Keeps a bank's file, piece by piece as it comes, and makes a run of it; the same bytes again are the run that there is.
 *
 * @param enqueued has somebody do a new run, in the transaction that makes it: without one it would wait for ever
 * @returns the run, and whether it is new
 * @throws ProblemError `malformed` for an empty file, `too_large`
 */
export async function receiveFile(
  database: Database,
  { tenant, name, by, bytes }: ReceivedFile,
  clock: () => Date,
  enqueued: (tx: Queryable, run: Run) => Promise<void> = () => Promise.resolve(),
): Promise<{ run: Run; isNew: boolean }> {
  const { db } = database;
  const uploadId = randomUUID();
  const hash = createHash('sha256');
  let size = 0;
  try {
    let part = 0;
    for await (const piece of inParts(bytes, partBytes)) {
      size += piece.length;
      if (size > mostBytes)
        throw new ProblemError(
          'too_large',
          `A bank’s file has at most ${mostBytes / 1024 / 1024} MiB here: split it by day`,
        );
      hash.update(piece);
      await db.insert(settlementUploads).values({ tenant, uploadId, part: part++, bytes: piece, at: clock() });
    }
    if (size === 0) throw empty();
    const fileHash = hash.digest('hex');
    const id = derivedKey(`${tenant}/${fileHash}`, 'settlement-run');
    const made = await db.transaction(async (tx) => {
      const [run] = await tx
        .insert(settlementRuns)
        .values({
          ...{ tenant, id, fileHash, fileName: name, fileBytes: size, uploadId },
          ...{ uploadedBy: by, uploadedAt: clock() },
        })
        .onConflictDoNothing()
        .returning();
      if (run !== undefined) await enqueued(tx, run);
      return run;
    });
    if (made !== undefined) return { run: made, isNew: true };
    const run = await findRun(db, tenant, id);
    if (run === undefined) throw new Error(`The run ${id} is not there after it was made`);
    await forget(database, tenant, uploadId);
    return { run, isNew: false };
  } catch (error) {
    await forget(database, tenant, uploadId).catch(() => {});
    throw error;
  }
}

/** The bytes of a run's file, as they came. */
export async function* fileBytes(
  database: Database,
  { tenant, uploadId }: Pick<Run, 'tenant' | 'uploadId'>,
): AsyncGenerator<Uint8Array> {
  for (let part = 0; ; part++) {
    const [found] = await database.db
      .select({ bytes: settlementUploads.bytes })
      .from(settlementUploads)
      .where(
        and(
          eq(settlementUploads.tenant, tenant),
          eq(settlementUploads.uploadId, uploadId),
          eq(settlementUploads.part, part),
        ),
      );
    if (found === undefined) return;
    yield found.bytes;
  }
}

/** Forgets uploads that were broken off before `before`. */
export async function forgetBrokenUploads(database: Database, before: Date): Promise<void> {
  await database.db
    .delete(settlementUploads)
    .where(
      and(
        lt(settlementUploads.at, before),
        notInArray(
          settlementUploads.uploadId,
          database.db.select({ id: settlementRuns.uploadId }).from(settlementRuns),
        ),
      ),
    );
}

async function forget(database: Database, tenant: string, uploadId: string): Promise<void> {
  await database.db
    .delete(settlementUploads)
    .where(and(eq(settlementUploads.tenant, tenant), eq(settlementUploads.uploadId, uploadId)));
}

/** The same bytes in pieces of `size`, the last one smaller. */
async function* inParts(bytes: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    held.push(chunk);
    length += chunk.length;
    if (length < size) continue;
    const whole = Buffer.concat(held);
    let from = 0;
    for (; whole.length - from >= size; from += size) yield whole.subarray(from, from + size);
    held = [whole.subarray(from)];
    length = whole.length - from;
  }
  if (length > 0) yield Buffer.concat(held);
}

function empty(): ProblemError {
  return new ProblemError('malformed', 'The body is empty: send the bank’s file as it is', {
    issues: [{ path: '', message: 'empty' }],
  });
}
