import { limits } from '@ekbaar/sdk/protocol';
import { ref } from './json-schema.ts';
import { answers, json, jsonBody, openAnswers, type Operation, type Parameter, withBody } from './operation.ts';

/** Operations by path, then by method in small letters. */
export type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

const scopes: Parameter = {
  ...{ name: 'scope', in: 'query', style: 'form', explode: true },
  description: 'Only these; without it, all that the token may read',
  schema: { type: 'array', items: { type: 'string' }, maxItems: limits.scopesPerRequest },
};

export function cursorQuery(description: string): Parameter {
  return { name: 'cursor', in: 'query', description, schema: { type: 'string' } };
}

/** @param most what a larger number is cut to */
export function limitQuery(most: number, otherwise: number): Parameter {
  return {
    ...{ name: 'limit', in: 'query', description: `More than ${most} counts as ${most}` },
    schema: { type: 'integer', minimum: 1, default: otherwise },
  };
}

/** What every server has, whatever its model. */
export const wirePaths: Paths = {
  '/v1/sync': {
    post: {
      ...{ operationId: 'sync', tags: ['Sync'], summary: 'Push mutations and pull what changed, in one round trip' },
      description:
        'Mutations run in the order of their ids, each once: what was sent before is answered with its first receipt. ' +
        `More than ${limits.mutationsPerRequest} in one request are \`too_large\`, as too many bytes are: halve them and send again. ` +
        'The body may be sent with `Content-Encoding: gzip`.',
      requestBody: jsonBody(ref('SyncRequest')),
      responses: answers({ '200': json('Receipts and a delta', ref('SyncResponse')) }, [
        ...withBody,
        'client_owned_by_another',
        'model_too_old',
      ]),
    },
  },
  '/v1/pull': {
    get: {
      ...{ operationId: 'pull', tags: ['Sync'], summary: 'What changed after a cursor' },
      parameters: [
        cursorQuery('That of the delta before; without it, everything'),
        limitQuery(limits.changesPerPage, limits.changesPerPage),
        scopes,
      ],
      responses: answers({ '200': json('A delta', ref('Delta')) }, ['malformed', 'forbidden']),
    },
  },
  '/v1/events': {
    get: {
      ...{ operationId: 'events', tags: ['Sync'], summary: 'Be told when there is something to pull' },
      description:
        'Server-sent events, `event: poke`, whose data is a `Poke`. Only a hint: losing one loses nothing. The stream ends ' +
        'when the token does.',
      responses: answers(
        {
          '200': {
            description: 'A stream of pokes',
            content: { 'text/event-stream': { schema: { type: 'string', contentSchema: ref('Poke') } } },
          },
        },
        [],
      ),
    },
  },
  '/healthz': {
    get: {
      ...{ operationId: 'healthz', tags: ['Server'], summary: 'Whether the process lives', security: [] },
      responses: openAnswers({ '200': json('It does', statusOf('ok')) }, []),
    },
  },
  '/readyz': {
    get: {
      ...{ operationId: 'readyz', tags: ['Server'], summary: 'Whether it should get requests', security: [] },
      description: 'Not while it shuts down, nor while its database does not answer.',
      responses: openAnswers({ '200': json('It should', statusOf('ready')) }, ['unavailable']),
    },
  },
  '/metrics': {
    get: {
      ...{ operationId: 'metrics', tags: ['Server'], summary: "Metrics in Prometheus' text format" },
      description:
        'Open to whoever reaches it unless the server was given a metrics token: no proxy should let it out.',
      security: [{}, { metricsToken: [] }],
      responses: openAnswers(
        { '200': { description: 'Metrics', content: { 'text/plain': { schema: { type: 'string' } } } } },
        ['unauthenticated'],
      ),
    },
  },
};

function statusOf(status: string) {
  return { type: 'object', properties: { status: { const: status } }, required: ['status'] };
}
