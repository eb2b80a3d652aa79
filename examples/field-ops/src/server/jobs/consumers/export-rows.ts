import * as z from 'zod/mini';
import { ExportReplaced, failExport } from '../../exports/export-store.ts';
import { writeExport } from '../../exports/write-export.ts';
import { consumer } from './consumer.ts';

/** Writes the file that somebody asked for. */
export const exportRows = consumer(
  z.object({ tenant: z.string(), exportId: z.uuid() }),
  async ({ database, clock, log }, { tenant, exportId }, { lastTry }) => {
    try {
      const written = await writeExport({ database, clock, log }, tenant, exportId);
      return { verdict: 'done', note: written === undefined ? 'nothing to do' : `${written.rows} rows` };
    } catch (error) {
      if (error instanceof ExportReplaced) return { verdict: 'done', note: error.message };
      if (lastTry)
        await failExport(database.db, tenant, exportId, 'It failed several times: see the log, and ask again');
      throw error;
    }
  },
);
