import {
  answers,
  type ApiEnv,
  type Description,
  isStorableText,
  jsonAnswer,
  jsonBody,
  ProblemError,
  withBody,
} from '@ekbaar/server';
import type { Context } from 'hono';
import * as z from 'zod/mini';

/** What is told of a route: its schemas are checked, and shown in the API's description. */
interface Described {
  readonly method: 'get' | 'post';
  readonly summary: string;
  readonly query?: z.ZodMiniType | undefined;
  readonly body?: z.ZodMiniType | undefined;
  readonly answer: z.ZodMiniType;
  /** 200 by default. */
  readonly status?: 200 | 201 | 202 | undefined;
}

/** @param path as Hono has it: `/api/v1/messages/:id` */
export function descriptionOf(
  path: string,
  { method, summary, query, body, answer, status = 200 }: Described,
): Description {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    ...{ name, in: 'path' as const, required: true, schema: { type: 'string' } },
  }));
  const asked = query === undefined ? {} : (schemaOf(query, 'input') as { properties?: Record<string, object> });
  const inQuery = Object.entries(asked.properties ?? {}).map(([name, schema]) => ({
    ...{ name, in: 'query' as const, schema: { ...schema } },
  }));
  return {
    of: 'operation',
    operation: {
      operationId: `${method}${path.replaceAll(/[^A-Za-z0-9]+/g, '.')}`,
      ...{ tags: ['App'], summary, parameters: [...inPath, ...inQuery] },
      ...(body === undefined ? {} : { requestBody: jsonBody(schemaOf(body, 'input')) }),
      responses: answers({ [String(status)]: jsonAnswer(summary, schemaOf(answer, 'output')) }, [
        ...(['forbidden', 'malformed', 'not_found'] as const),
        ...(body === undefined ? [] : withBody),
      ]),
    },
  };
}

function schemaOf(schema: z.ZodMiniType, io: 'input' | 'output') {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

/** @throws ProblemError `malformed` for what does not fit, and for text that no database can hold, wherever it is */
export function fitting<T>(schema: z.ZodMiniType<T>, value: unknown, what: string): T {
  const place = unstorable(value);
  if (place !== undefined) {
    const message = 'text with NUL or half a character';
    throw new ProblemError('malformed', `The ${what} does not fit: ${place || what}: ${message}`, {
      issues: [{ path: place.slice(0, 500), message }],
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues
    .slice(0, 50)
    .map(({ path, message }) => ({ path: path.map(String).join('.').slice(0, 500), message: message.slice(0, 500) }));
  throw new ProblemError('malformed', `The ${what} does not fit: ${issues[0]?.path || what}: ${issues[0]?.message}`, {
    issues,
  });
}

/** Where in a value the first text is that PostgreSQL cannot hold; the empty text for the value itself. */
function unstorable(value: unknown): string | undefined {
  if (typeof value === 'string') return isStorableText(value) ? undefined : '';
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    if (!isStorableText(name)) return '';
    const place = unstorable(inner);
    if (place !== undefined) return place === '' ? name : `${name}.${place}`;
  }
  return undefined;
}

/** Text that PostgreSQL can compare with. */
export function storable(text: string): boolean {
  return isStorableText(text) && text.length <= 500;
}

/**
 * The parameters in a request's path.
 *
 * @throws ProblemError `not_found` for what no id can be
 */
export function storablePath(c: Context<ApiEnv>): Readonly<Record<string, string>> {
  const path = c.req.param() as Record<string, string>;
  if (!Object.values(path).every(storable)) throw new ProblemError('not_found', 'Nothing has such an id');
  return path;
}
