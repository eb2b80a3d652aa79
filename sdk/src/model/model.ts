import type * as z from 'zod/v4/core';
import type { Collection } from './collection.ts';
import type { MutationDeclaration } from './mutation.ts';

/** Collections by their names. */
export type Collections = Readonly<Record<string, Collection>>;
/** Mutations by their names. */
export type Mutations = Readonly<Record<string, MutationDeclaration>>;

/** One declaration for both sides: what devices hold and what people can do. */
export interface Model<C extends Collections = Collections, M extends Mutations = Mutations> {
  /** Starts at 1 and grows with every released change; old versions stay in the field for weeks. */
  readonly version: number;
  /** What devices hold. */
  readonly collections: C;
  /** What people can do. */
  readonly mutations: M;
}

/** A row of the collection `Name`. */
export type RowOf<M extends Model, Name extends keyof M['collections']> = z.output<M['collections'][Name]['schema']>;
/** What the app passes to the mutation `Name`. */
export type ArgsOf<M extends Model, Name extends keyof M['mutations']> = z.input<M['mutations'][Name]['args']>;
/** The mutation's arguments after its schema has parsed them. */
export type ParsedArgsOf<M extends Model, Name extends keyof M['mutations']> = z.output<M['mutations'][Name]['args']>;
/** What the server answers when the mutation `Name` was applied. */
export type ResultOf<
  M extends Model,
  Name extends keyof M['mutations'],
> = M['mutations'][Name]['result'] extends z.$ZodType ? z.output<M['mutations'][Name]['result']> : undefined;
/** The codes with which the mutation `Name` may be refused by the business. */
export type RejectOf<M extends Model, Name extends keyof M['mutations']> = M['mutations'][Name]['rejects'][number];

/** One of the model's collections. */
export type CollectionName<M extends Model> = Extract<keyof M['collections'], string>;
/** One of the model's mutations. */
export type MutationName<M extends Model> = Extract<keyof M['mutations'], string>;

const namePattern = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;
/** Collections that the engine itself syncs. */
const reserved = new Set(['receipts']);

/**
 * Declares the model that the app and the server share.
 *
 * @example
 * const model = defineModel({
 *   version: 1,
 *   collections: {
 *     deliveries: collection({ schema: z.object({ id: z.string(), status: z.string() }), key: 'id', indexes: ['status'] }),
 *   },
 *   mutations: {
 *     confirmDelivery: mutation({ args: z.object({ deliveryId: z.string() }), rejects: ['not_found'] }),
 *   },
 * });
 * @throws TypeError when the version is no positive integer, or a name is reserved or not of letters, digits and `_`.
 */
export function defineModel<const C extends Collections, const M extends Mutations>(declared: {
  version: number;
  collections: C;
  mutations: M;
}): Model<C, M> {
  if (!Number.isSafeInteger(declared.version) || declared.version < 1) {
    throw new TypeError(`defineModel: version must be a positive integer, not ${declared.version}`);
  }
  for (const name of [...Object.keys(declared.collections), ...Object.keys(declared.mutations)]) {
    if (!namePattern.test(name)) {
      throw new TypeError(`defineModel: "${name}" must be a letter followed by up to 62 letters, digits or _`);
    }
  }
  for (const name of Object.keys(declared.collections)) {
    if (reserved.has(name)) throw new TypeError(`defineModel: the collection name "${name}" is the engine's own`);
  }
  return { version: declared.version, collections: declared.collections, mutations: declared.mutations };
}
