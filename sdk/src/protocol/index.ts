export { Change, Delta, Row, ScopeState } from './delta.ts';
export { ClientId, Cursor, IdempotencyKey, ModelVersion, MutationId, ScopeName, Timestamp } from './identity.ts';
export { limits } from './limits.ts';
export { Mutation, skipName } from './mutation.ts';
export { Poke } from './poke.ts';
export { Problem, type ProblemCode, problems, type RetryAdvice } from './problem.ts';
export {
  type DeadCode,
  deadCodes,
  MutationError,
  MutationStatus,
  Outcome,
  Receipt,
  type RejectedCode,
  rejectedCodes,
} from './receipt.ts';
export { stopCodes, Stopped, SyncRequest, SyncResponse } from './sync.ts';
export { protocolVersion } from './version.ts';
