import { type ProblemCode, problems } from '@ekbaar/sdk/protocol';
import { type JsonSchema, ref } from './json-schema.ts';

/** An operation of OpenAPI 3.1, as far as this API needs it. */
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly [string];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly required: true;
    readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>;
  };
  readonly responses: Readonly<Record<string, Answer>>;
  /** Empty: no token is needed. Absent: the document's own. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
  readonly style?: 'form';
  readonly explode?: boolean;
}

export interface Answer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description?: string; readonly schema: JsonSchema }>>;
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

const requestIdHeader = {
  'X-Request-Id': {
    description: "The request's id: that of the same header sent, or a new one",
    schema: { type: 'string' },
  },
} as const;
const challengeHeader = {
  'WWW-Authenticate': { description: 'That a bearer token is wanted', schema: { type: 'string' } },
} as const;
const retryAfterHeader = {
  'Retry-After': {
    description: 'Seconds to wait before the same is sent again',
    schema: { type: 'integer', minimum: 0 },
  },
} as const;

/** What every operation with a token may be answered. */
const always: readonly ProblemCode[] = [
  ...(['unauthenticated', 'token_expired', 'throttled', 'internal', 'overloaded', 'unavailable'] as const),
];
/** What every operation with a body may be answered. */
export const withBody: readonly ProblemCode[] = ['malformed', 'too_large', 'unsupported_encoding'];

/** A JSON answer. */
export function json(description: string, schema: JsonSchema, headers: Answer['headers'] = {}): Answer {
  return { description, headers: { ...requestIdHeader, ...headers }, content: { 'application/json': { schema } } };
}

export function jsonBody(schema: JsonSchema): NonNullable<Operation['requestBody']> {
  return { required: true, content: { 'application/json': { schema } } };
}

/**
 * The answers of an operation: what it is for, and the problems there may be, by status. Where a status has both (422 of
 * a mutation), the content type tells them apart.
 *
 * @param codes besides those that every operation has
 */
export function answers(good: Readonly<Record<string, Answer>>, codes: readonly ProblemCode[]): Record<string, Answer> {
  return { ...problemAnswers([...codes, ...always], good), ...withoutMixed(good, [...codes, ...always]) };
}

/** Those of an operation that needs no token. */
export function openAnswers(
  good: Readonly<Record<string, Answer>>,
  codes: readonly ProblemCode[],
): Record<string, Answer> {
  return { ...problemAnswers(codes, good), ...withoutMixed(good, codes) };
}

function withoutMixed(good: Readonly<Record<string, Answer>>, codes: readonly ProblemCode[]): Record<string, Answer> {
  const mixed = new Set(codes.map((code) => String(problems[code].status)));
  return Object.fromEntries(Object.entries(good).filter(([status]) => !mixed.has(status)));
}

function problemAnswers(codes: readonly ProblemCode[], good: Readonly<Record<string, Answer>>): Record<string, Answer> {
  const byStatus = Map.groupBy(new Set(codes), (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, of]) => {
      const besides = good[status];
      const answer: Answer = {
        description: [...(besides === undefined ? [] : [besides.description]), ...of.map(inWords)].join('; '),
        headers: {
          ...requestIdHeader,
          ...besides?.headers,
          ...(status === 401 ? challengeHeader : {}),
          ...(of.some((code) => problems[code].retry === 'later') ? retryAfterHeader : {}),
        },
        content: { ...besides?.content, 'application/problem+json': { schema: problemOf(status, of) } },
      };
      return [String(status), answer];
    }),
  );
}

function inWords(code: ProblemCode): string {
  return `\`${code}\`: ${problems[code].title}`;
}

function problemOf(status: number, codes: readonly ProblemCode[]): JsonSchema {
  return { allOf: [ref('Problem'), { properties: { status: { const: status }, code: { enum: codes } } }] };
}
