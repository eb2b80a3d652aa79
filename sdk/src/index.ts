export { type Client } from './client.ts';
export { type Actor, type ClientOptions } from './client-options.ts';
export { createClient } from './create-client.ts';
export { destroyStore } from './destroy-store.ts';
export {
  type ArgsIssue,
  ClosedError,
  CodedError,
  DealtWithError,
  type ErrorCode,
  errorCodes,
  InvalidArgsError,
  MayStillRunError,
  NotSavedError,
  type Recovery,
  StoreBlockedError,
  StoreBrokenError,
  StoreFullError,
  StoreNotDurableError,
  StoreTooNewError,
  SyncError,
  ThinnedError,
  UnknownKeyError,
  UnsentError,
  WrongKeyError,
} from './errors.ts';
export {
  type MutationFacts,
  type MutationFilter,
  type MutationRecord,
  type MutationState,
  type OutcomeOf,
  type SavedMutation,
  type SettledRecord,
} from './log/mutation-record.ts';
export { type Refusal } from './log/refusal.ts';
export { type Channel, type Marker, type Platform, type PlatformEvent, type StorageState } from './platform.ts';
export { type LiveQueryContext, type LiveQueryOptions } from './query/live-options.ts';
export { type DeadLetters, type NeedsAttention, type Refusals, type RetryDead } from './refusals.ts';
export {
  type NoPromise,
  type OptimisticEffect,
  type OptimisticEffects,
  type OptimisticReplica,
} from './replica/optimistic.ts';
export { type Condition, type Order, type Query } from './replica/query.ts';
export { type StoreLoss } from './safekeeping.ts';
export { type SignOutOptions } from './sign-out.ts';
export { type Status } from './status.ts';
export {
  type Indexed,
  type IndexEntry,
  type IndexValue,
  type Key,
  type Mode,
  type Range,
  type Reserve,
  type Store,
  type StoreFactory,
  type Table,
  type Transaction,
} from './store/store.ts';
