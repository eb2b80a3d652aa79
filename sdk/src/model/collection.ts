import type * as z from 'zod/v4/core';
import type { Jsonable } from './jsonable.ts';

/** Any zod 4 object schema, from `zod` or `zod/mini`. */
export type ObjectSchema = z.$ZodObject;

/** A kind of row that devices hold. */
export interface Collection<Schema extends ObjectSchema = ObjectSchema> {
  /** The fields a client sees; a column not named here never leaves the server. */
  readonly schema: Schema;
  /** The field that identifies a row in its collection, by its text: of a number, effects say `String(id)`. */
  readonly key: string;
  /** Fields that queries on the device and filters of the collections API may ask by. */
  readonly indexes: readonly string[];
}

/** The name of a schema's field. */
export type FieldOf<Schema extends ObjectSchema> = Extract<keyof z.output<Schema>, string>;

/** The fields that a schema would change: parsed, they have another type, or a default. */
export type ChangedField<Schema extends ObjectSchema, Input = z.input<Schema>, Output = z.output<Schema>> = {
  [F in keyof Input & keyof Output & string]: [Output[F], undefined extends Input[F] ? undefined : never] extends [
    Input[F],
    Output[F],
  ]
    ? never
    : F;
}[keyof Input & keyof Output & string];

/** Anything, for a schema that says how rows are also when nobody parses them. */
export type Unparsed<Schema extends ObjectSchema> = [ChangedField<Schema>] extends [never]
  ? Jsonable<z.output<Schema>>
  : `rows are not parsed: no transform and no default in ${ChangedField<Schema>}`;

/**
 * Declares a collection. Devices hold its rows as the server sends them, and nobody parses them: a field with a transform
 * or a default does not compile, nor does one that JSON has not (a Date, a bigint): say `z.string()`, as it comes.
 *
 * @example
 * const deliveries = collection({
 *   schema: z.object({ id: z.string(), status: z.string(), amountPaise: z.int() }),
 *   key: 'id',
 *   indexes: ['status'],
 * });
 * @throws TypeError when `key` or an index is no field of the schema.
 */
export function collection<const Schema extends ObjectSchema>(declared: {
  schema: Schema & Unparsed<Schema>;
  key: FieldOf<Schema>;
  indexes?: readonly FieldOf<Schema>[];
}): Collection<Schema> {
  const { schema, key, indexes = [] } = declared;
  const fields = fieldsOf(schema);
  for (const field of [key, ...indexes]) {
    if (!fields.includes(field)) {
      throw new TypeError(`collection: "${field}" is no field of the schema (it has ${fields.join(', ')})`);
    }
  }
  return { schema, key, indexes: [...indexes] };
}

/** The names of a schema's fields, in order. */
export function fieldsOf(schema: ObjectSchema): string[] {
  return Object.keys(schema._zod.def.shape);
}
