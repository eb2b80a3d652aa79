export {
  type ChangedField,
  type Collection,
  collection,
  type FieldOf,
  fieldsOf,
  type ObjectSchema,
  type Unparsed,
} from './collection.ts';
export type { Jsonable, UnjsonableField } from './jsonable.ts';
export {
  type ArgsOf,
  type CollectionName,
  type Collections,
  defineModel,
  type Model,
  type MutationName,
  type Mutations,
  type ParsedArgsOf,
  type RejectOf,
  type ResultOf,
  type RowOf,
} from './model.ts';
export { mutation, type MutationDeclaration } from './mutation.ts';
export { keepEvenly, type Thin, type Unsent } from './thin.ts';
