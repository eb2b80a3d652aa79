import { limits, MutationStatus } from '@ekbaar/sdk/protocol';
import {
  AuditPage,
  CloseRequest,
  DeadLetter,
  DeadLetterPage,
  ReceiptHistory,
  ReceiptPage,
  RecordedReceipt,
} from '@ekbaar/sdk/protocol/admin';
import { type JsonSchema, jsonSchemas, ref } from './json-schema.ts';
import { answers, json, jsonBody, type Operation, type Parameter, withBody } from './operation.ts';
import { cursorQuery, limitQuery, type Paths } from './wire-paths.ts';

/** Schemas of what operations send and get. */
export function adminSchemas(): Record<string, JsonSchema> {
  return {
    ...jsonSchemas({ CloseRequest }, 'input'),
    ...jsonSchemas({ AuditPage, DeadLetter, DeadLetterPage, ReceiptHistory, ReceiptPage, RecordedReceipt }, 'output'),
  };
}

const page = [limitQuery(limits.rowsPerPage, 100), cursorQuery('`next` of the page before')];
const key: Parameter = {
  ...{ name: 'key', in: 'path', required: true, description: "The mutation's idempotency key" },
  schema: { type: 'string', format: 'uuid' },
};

function text(name: string, description: string, schema: JsonSchema = { type: 'string' }): Parameter {
  return { name, in: 'query', description, schema };
}

function reading(operationId: string, summary: string, answer: string, parameters: readonly Parameter[]): Operation {
  const byKey = parameters.includes(key);
  return {
    ...{ operationId, tags: ['Admin'], summary, parameters },
    responses: answers({ '200': json(summary, ref(answer)) }, ['forbidden', byKey ? 'not_found' : 'malformed']),
  };
}

/** What operations see and do, in the token's own tenant. */
export const adminPaths: Paths = {
  '/v1/admin/dead-letters': {
    get: reading('deadLetters', 'Open dead letters, the oldest first', 'DeadLetterPage', [
      text('name', 'Of this mutation'),
      ...page,
    ]),
  },
  '/v1/admin/receipts': {
    get: reading('receipts', 'Receipts as the audit log, the newest first', 'ReceiptPage', [
      text('actor', "Of this actor: a token's `sub`"),
      text('name', 'Of this mutation'),
      text('status', 'With this outcome', { enum: MutationStatus.options }),
      text('from', 'At or after this moment, by the server', { type: 'string', format: 'date-time' }),
      text('to', 'Before this moment', { type: 'string', format: 'date-time' }),
      ...page,
    ]),
  },
  '/v1/admin/receipts/{key}': {
    get: reading('receipt', 'What happened to one key', 'ReceiptHistory', [key]),
  },
  '/v1/admin/audit': {
    get: reading('audit', 'What operations did by hand, the newest first', 'AuditPage', [
      text('subject', "To this: a mutation's key"),
      ...page,
    ]),
  },
  '/v1/admin/dead-letters/{key}/retry': {
    post: {
      ...{ operationId: 'retryDeadLetter', tags: ['Admin'], summary: 'Run a dead letter again, as whose it is' },
      description: "Its outcome reaches that person's phones.",
      parameters: [key],
      responses: answers({ '200': json('Its receipt, with the new outcome', ref('DeadLetter')) }, [
        ...(['forbidden', 'not_found', 'not_dead', 'still_dead'] as const),
      ]),
    },
  },
  '/v1/admin/dead-letters/{key}/close': {
    post: {
      ...{ operationId: 'closeDeadLetter', tags: ['Admin'], summary: 'Close a dead letter without running it again' },
      parameters: [key],
      requestBody: jsonBody(ref('CloseRequest')),
      responses: answers({ '200': json('Its receipt, closed', ref('DeadLetter')) }, [
        ...withBody,
        ...(['forbidden', 'not_found', 'not_dead'] as const),
      ]),
    },
  },
};
