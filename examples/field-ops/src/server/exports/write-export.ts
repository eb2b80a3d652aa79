/**
 * Exports: files of rows, written in the background.
 *
 *   sources.ts      what there is to export: columns, and the statement that reads them
 *   row-cursor.ts   a cursor of the database's, in one snapshot
 *   csv-file.ts, xlsx-file.ts, json-lines-file.ts   rows → bytes
 *   write-export.ts cursor → bytes → pieces in the database
 *   export-store.ts, routes.ts   who asked, how far it is, who may fetch it, until when
 *
 * A file is of one moment, so a worker that is killed leaves nothing to go on with: the next one begins at the beginning, in
 * a new snapshot, and throws away what was there. However many rows there are, about a thousand are held.
 */
import { type Database, type Log, type Queryable, reading } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { csvFile } from './csv-file.ts';
import { type Export, findExport, noteExport, takeExport } from './export-store.ts';
import { jsonLinesFile } from './json-lines-file.ts';
import { countRows, readRows } from './row-cursor.ts';
import { type ExportRow, type ExportScope, sources } from './sources.ts';
import { exportParts } from './tables.ts';
import { xlsxFile } from './xlsx-file.ts';

const partBytes = 256 * 1024;
/** How long a file can be fetched. */
const keptMs = 24 * 60 * 60_000;

const files = { csv: csvFile, xlsx: xlsxFile, jsonl: jsonLinesFile } as const;

export interface ExportWorks {
  readonly database: Database;
  readonly clock: () => Date;
  readonly log: Pick<Log, 'info'>;
}

/**
 * Writes an export's file, from the beginning, whoever has begun it before.
 *
 * @returns the export as it ended; undefined when there is nothing to do
 * @throws ExportReplaced when somebody else writes it, or it was cancelled meanwhile
 */
export async function writeExport(works: ExportWorks, tenant: string, id: string): Promise<Export | undefined> {
  const { database, log } = works;
  const taken = await takeExport(database.db, tenant, id);
  if (taken === undefined) return undefined;
  log.info({ tenant, export: id, kind: taken.kind, try: taken.attempt }, 'an export begins');
  const patient = sql`set local statement_timeout = '15min'`;
  if (database.shared) {
    await reading(database, tenant, async (tx) => {
      await tx.execute(patient);
      await writeFrom(tx, database.db, taken, works.clock);
    });
  } else {
    // There is one connection: what is written is written in the snapshot's own transaction.
    await database.db.transaction(
      async (tx) => {
        await tx.execute(patient);
        await tx.execute(sql`select set_config('ekbaar.tenant', ${tenant}, true)`);
        await writeFrom(tx, tx, taken, works.clock);
      },
      { isolationLevel: 'repeatable read' },
    );
  }
  return findExport(database.db, tenant, id);
}

/** @param snapshot where the rows are read @param db where the file is written, and how far it is */
async function writeFrom(snapshot: Queryable, db: Queryable, held: Export, clock: () => Date): Promise<void> {
  const { tenant, id: exportId, kind, format, filters, regions } = held;
  const scope: ExportScope = { tenant, filters, regions };
  await noteExport(db, held, { total: await countRows(snapshot, kind, scope) });
  const done = { rows: 0, bytes: 0, parts: 0 };
  const counted = async function* (batches: AsyncIterable<ExportRow[]>) {
    for await (const rows of batches) {
      yield rows;
      done.rows += rows.length;
    }
  };
  const pieces = files[format](sources[kind].columns, counted(readRows(snapshot, kind, scope)));
  for await (const bytes of inParts(pieces)) {
    done.bytes += bytes.length;
    await db.transaction(async (tx) => {
      // First, so that one who has been replaced writes nothing into the other one's file.
      await noteExport(tx, held, { rows: done.rows, bytes: done.bytes });
      await tx.insert(exportParts).values({ tenant, exportId, part: done.parts++, bytes });
    });
  }
  const finishedAt = clock();
  const expiresAt = new Date(finishedAt.getTime() + keptMs);
  await noteExport(db, held, { state: 'done', rows: done.rows, finishedAt, expiresAt });
}

/** Bytes in pieces of about one size. */
async function* inParts(pieces: AsyncIterable<string | Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    held.push(bytes);
    length += bytes.length;
    if (length < partBytes) continue;
    yield Buffer.concat(held);
    held = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(held);
}
