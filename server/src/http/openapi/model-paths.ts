import { type Collection, fieldsOf, type Model, type MutationDeclaration } from '@ekbaar/sdk/model';
import { limits } from '@ekbaar/sdk/protocol';
import { type JsonSchema, jsonSchemas, ref } from './json-schema.ts';
import { type Answer, answers, json, jsonBody, type Operation, type Parameter, withBody } from './operation.ts';
import { cursorQuery, limitQuery } from './wire-paths.ts';

/** The schemas of a model: `<mutation>.args`, `<mutation>.result`, `<collection>.row`. */
export function modelSchemas({ mutations, collections }: Model): Record<string, JsonSchema> {
  const args = Object.entries(mutations).map(([name, declared]) => [`${name}.args`, declared.args] as const);
  const results = Object.entries(mutations).flatMap(([name, { result }]) =>
    result === undefined ? [] : [[`${name}.result`, result] as const],
  );
  const rows = Object.entries(collections).map(([name, { schema }]) => [`${name}.row`, schema] as const);
  return {
    // One at a time: a schema that two names share must be there under both.
    ...Object.assign({}, ...args.map(([name, schema]) => jsonSchemas({ [name]: schema }, 'input'))),
    ...Object.assign({}, ...[...results, ...rows].map(([name, schema]) => jsonSchemas({ [name]: schema }, 'output'))),
  };
}

const uuid = { type: 'string', format: 'uuid' };
const replayed: NonNullable<Answer['headers']> = {
  'Idempotency-Replayed': {
    description: '`true` when nothing ran: this is the answer of an earlier request with this key',
    schema: { const: 'true' },
  },
};

/** @param args the body's schema: where the path gives some of the arguments, it has the others */
export function mutationOperation(
  name: string,
  declared: MutationDeclaration,
  of: Pick<Operation, 'operationId' | 'tags' | 'summary'> & {
    readonly parameters?: readonly Parameter[];
    readonly args?: JsonSchema;
    /** The app may say no before the mutation is one. */
    readonly mayForbid?: boolean;
  },
): Operation {
  const { parameters = [], args = ref(`${name}.args`), mayForbid = false, ...given } = of;
  const key: Parameter = {
    ...{ name: 'Idempotency-Key', in: 'header', required: declared.audit, schema: uuid },
    description: declared.audit
      ? 'Minted once for what the person did, and sent again with every retry'
      : 'Without one, every request is another mutation',
  };
  const refusals = [...declared.rejects, 'forbidden', 'already_done', 'invalid_args'];
  return {
    ...given,
    description: declared.audit
      ? 'Done once, by its key: the same request again is answered as the first time.'
      : 'Leaves no receipt.',
    parameters: [...parameters, key],
    requestBody: jsonBody(args),
    responses: answers(
      {
        '200': json('Applied', receipt('applied', resultOf(name, declared)), replayed),
        '202': json('A dead letter: kept for operations to settle', receipt('dead', errorOf()), replayed),
        '422': json(
          `Refused: ${refusals.map((code) => `\`${code}\``).join(', ')}`,
          receipt('rejected', errorOf(refusals)),
          replayed,
        ),
      },
      [
        ...withBody,
        ...(mayForbid ? (['forbidden'] as const) : []),
        'invalid_args',
        'idempotency_key_required',
        'in_flight',
        'key_reused',
        'halted',
      ],
    ),
  };
}

function resultOf(name: string, { result, audit }: MutationDeclaration): Fields {
  if (result === undefined) return { properties: {}, required: [] };
  return { properties: { result: ref(`${name}.result`) }, required: audit ? ['result'] : [] };
}

interface Fields {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
}

function errorOf(codes?: readonly string[]): Fields {
  const narrowed =
    codes === undefined
      ? ref('MutationError')
      : { allOf: [ref('MutationError'), { properties: { code: { enum: codes } } }] };
  return { properties: { error: narrowed }, required: ['error'] };
}

function receipt(status: string, { properties, required }: Fields): JsonSchema {
  return {
    type: 'object',
    properties: { key: uuid, status: { const: status }, ...properties },
    required: ['key', 'status', ...required],
    additionalProperties: false,
  };
}

/** @param aliases other names of filters, alias → field */
export function pageOperation(
  name: string,
  declared: Collection,
  schemas: Readonly<Record<string, JsonSchema>>,
  of: Pick<Operation, 'operationId' | 'tags' | 'summary'>,
  aliases: Readonly<Record<string, string>> = {},
): Operation {
  const fields = askable(declared);
  const filter = (parameter: string, field: string): Parameter => ({
    ...{ name: parameter, in: 'query', style: 'form', explode: true },
    description: parameter === field ? 'Any of these' : `Any of these; another name of \`${field}\``,
    schema: { type: 'array', items: fieldSchema(schemas[`${name}.row`], field) },
  });
  return {
    ...of,
    description: 'Only rows that the token may read. All filters must fit.',
    parameters: [
      ...fields.map((field) => filter(field, field)),
      ...Object.entries(aliases).map(([alias, field]) => filter(alias, field)),
      {
        ...{ name: 'sort', in: 'query', description: `With \`-\` the last first; by \`${declared.key}\` without it` },
        schema: { enum: fields.flatMap((field) => [field, `-${field}`]) },
      },
      limitQuery(limits.rowsPerPage, 100),
      cursorQuery('`next` of the page before'),
    ],
    responses: answers({ '200': json('A page', pageOf(name)) }, ['malformed']),
  };
}

export function rowOperation(name: string, { key }: Collection): Operation {
  return {
    ...{ operationId: `row.${name}`, tags: ['Collections'], summary: `One row of \`${name}\`` },
    parameters: [{ name: key, in: 'path', required: true, schema: { type: 'string' } }],
    responses: answers({ '200': json('The row', ref(`${name}.row`)) }, ['not_found']),
  };
}

/** The fields that may be asked by. */
function askable({ key, indexes, schema }: Collection): string[] {
  const allowed = new Set([key, ...indexes]);
  return fieldsOf(schema).filter((field) => allowed.has(field));
}

function fieldSchema(row: JsonSchema | undefined, field: string): JsonSchema {
  const properties = row?.['properties'] as Record<string, JsonSchema> | undefined;
  return properties?.[field] ?? { type: 'string' };
}

function pageOf(name: string): JsonSchema {
  return {
    type: 'object',
    properties: {
      rows: { type: 'array', items: ref(`${name}.row`), maxItems: limits.rowsPerPage },
      next: { type: ['string', 'null'], description: 'Cursor of the next page; null on the last one' },
    },
    required: ['rows', 'next'],
    additionalProperties: false,
  };
}
