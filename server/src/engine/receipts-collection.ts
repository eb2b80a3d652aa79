import { isoMoment } from '../db/moment.ts';
import { receipts } from '../db/schema.ts';
import type { ReadTable } from './rows.ts';

/** The one collection that no model declares: receipts that operations have changed, each in its actor's own scope. */
export const receiptsCollection = 'receipts';

const members = [
  `'key', t.key, 'name', t.name, 'status', t.status, 'clientId', t.client_id, 'mutationId', t.mutation_id`,
  `'retriedAt', ${isoMoment('t.retried_at')}, 'closedAt', ${isoMoment('t.closed_at')}, 'closeReason', t.close_reason`,
];

/** What a delta reads of it. Which rows are in which scope, for publishing, is in sync.tracked (migration 0004). */
export const receiptsTable: ReadTable = {
  name: '"sync"."receipts"',
  key: receipts.key,
  tenant: receipts.tenant,
  // As an outcome on the wire: a result or an error that there is none of is left out, not null.
  rowSql:
    `(left(json_build_object(${members.join(', ')})::text, -1) || coalesce(',"result":' || t.result::text, '') || ` +
    `coalesce(',"error":' || t.error::text, '') || '}')`,
  scopesSql: `ARRAY[CASE WHEN t.retried_at IS NOT NULL OR t.closed_at IS NOT NULL THEN 'actor:' || t.actor END]`,
};
