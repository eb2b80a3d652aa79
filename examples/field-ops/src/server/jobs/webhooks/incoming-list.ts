import { type Database, isStorableText, reading, rowsOf } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { type IncomingEvent, IncomingEvents, incomingStatuses } from '../../../message-answers.ts';
import { Moment } from '../../values.ts';
import { type OpsApp, opsRoute, PageLimit } from '../ops-route.ts';
import { incomingEvents } from '../tables.ts';

const Word = z.string().check(z.minLength(1), z.maxLength(64), z.regex(/^[^\0]*$/));
/** `next` of the page before: the moment of its last event, with microseconds, its source and its id. */
const Cursor = z.pipe(
  z.string().check(z.maxLength(1000)),
  z.transform((text, context) => {
    if (text === '') return undefined;
    try {
      const [at, source, id] = z
        .tuple([Moment, z.string(), z.string()])
        .parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
      if (isStorableText(source) && isStorableText(id)) return { at, source, id };
    } catch {
      // Told below.
    }
    context.issues.push({ code: 'custom', message: 'none of ours', input: text });
    return z.NEVER;
  }),
);

/** What providers and partners told us: `/api/v1/incoming-events`. What is in it stays here: it names customers. */
export function incomingListRoute(ops: OpsApp, database: Database): void {
  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/incoming-events',
    summary: 'Events that providers and MFIs have sent, the newest first, without what is in them',
    query: z.object({
      ...{ source: z.optional(Word), status: z.optional(z.enum(incomingStatuses)) },
      ...{ limit: PageLimit, cursor: z.optional(Cursor) },
    }),
    answer: IncomingEvents,
    async run({ actor: { tenant }, query: { source, status, limit, cursor } }) {
      const rows = await reading(database, tenant, (tx) =>
        rowsOf<IncomingEvent & { micros: string }>(
          tx,
          sql`select source, event_id as "eventId", type, status, note,
                ${utc(sql`received_at`)} as "receivedAt", ${utc(sql`processed_at`)} as "processedAt",
                to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as micros
              from ${incomingEvents} where tenant = ${tenant}
                ${source === undefined ? sql`` : sql`and source = ${source}`}
                ${status === undefined ? sql`` : sql`and status = ${status}`}
                ${
                  cursor === undefined
                    ? sql``
                    : sql`and (received_at, source, event_id) < (${cursor.at}::text::timestamptz, ${cursor.source}, ${cursor.id})`
                }
              order by received_at desc, source desc, event_id desc limit ${limit}`,
        ),
      );
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return {
        events: rows.map(({ micros: _, ...event }) => event),
        next:
          last === undefined
            ? null
            : Buffer.from(JSON.stringify([last.micros, last.source, last.eventId])).toString('base64url'),
      };
    },
  });
}

function utc(column: ReturnType<typeof sql>) {
  return sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
