import * as z from 'zod/mini';
import type { $ZodType } from 'zod/v4/core';

/** A JSON Schema (2020-12), or a reference to one of the document. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** A reference to a schema of the document by its name. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/**
 * Schemas by name as JSON Schemas that refer to each other by these names. What JSON Schema cannot say (a refinement, a
 * transform) is left out: the document then admits more than the server does.
 *
 * @param io whether they describe what is sent to the server or what it answers
 */
export function jsonSchemas(
  schemas: Readonly<Record<string, $ZodType>>,
  io: 'input' | 'output',
): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const uri = (id: string) => `#/components/schemas/${id}`;
  const converted = z.toJSONSchema(registry, { io, uri, unrepresentable: 'any' });
  return Object.fromEntries(
    Object.entries(converted.schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [
      name,
      within(schema, uri(name)) as JsonSchema,
    ]),
  );
}

/** A schema's own definitions, once it is part of a document: what it calls `#/$defs` is below `place`. */
function within(value: unknown, place: string): unknown {
  if (Array.isArray(value)) return value.map((item) => within(item, place));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (key !== '$ref' || typeof item !== 'string') return [key, within(item, place)];
      if (item === '#') return [key, place];
      return [key, item.startsWith('#/$defs/') ? `${place}${item.slice(1)}` : item];
    }),
  );
}
