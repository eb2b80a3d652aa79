import { type Database, ProblemError, reading, rowsOf } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { NotedRejection } from '../../record-answers.ts';
import { storable } from '../described-route.ts';
import { ofRegions } from './receipt-log.ts';
import { type RecordsApp, recordRoute } from './record-route.ts';
import { rejectionNotes } from './tables.ts';

/**
 * Somebody of the office has dealt with a refusal: who, when and how is kept beside it, and it leaves the list of open
 * ones. What the phone was answered stays as it is.
 */
export function rejectionNoteRoute(app: RecordsApp, database: Database, clock: () => Date): void {
  recordRoute(app, {
    ...{ method: 'post', path: '/receipts/:key/note', summary: 'Note that a refusal was dealt with, and how; once' },
    body: z.object({
      note: z
        .string()
        .check(z.trim(), z.minLength(1), z.maxLength(500), z.refine(storable, 'text that a database can hold')),
    }),
    answer: NotedRejection,
    async run({ by, path: { key = '' }, body: { note } }) {
      const noRefusal = new ProblemError('not_found', 'There is no such refusal in your regions');
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(key)) throw noRefusal;
      const found = await reading(database, by.tenant, (tx) =>
        rowsOf(
          tx,
          sql`select r.key from sync.receipts r left join agents a on a.tenant = r.tenant and a.id = r.actor and r.role = 'agent'
              where r.tenant = ${by.tenant} and r.key = ${key}::uuid and r.status = 'rejected' and ${ofRegions(by)}`,
        ),
      );
      if (found.length === 0) throw noRefusal;
      const [made] = await database.db
        .insert(rejectionNotes)
        .values({ tenant: by.tenant, key: key.toLowerCase(), note, notedBy: by.id, notedAt: clock() })
        .onConflictDoNothing()
        .returning();
      if (made === undefined)
        throw new ProblemError('malformed', 'Somebody else has dealt with it: look again', {
          issues: [{ path: 'key', message: 'noted already' }],
        });
      return { ...made, notedAt: made.notedAt.toISOString() };
    },
  });
}
