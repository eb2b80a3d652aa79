export { type AppConfig, defineConfig } from './app-config.ts';
export { type Database, jsonParameter, type Queryable, rowsOf, textArray } from './db/database.ts';
export { newEpoch } from './db/epoch.ts';
export { openDatabase } from './db/open.ts';
export { pgliteCopy, pgliteDatabase, type PgliteDatabase } from './db/pglite.ts';
export { postgresDatabase } from './db/postgres.ts';
export { isStorableText } from './db/text.ts';
export { whyUnusable } from './db/why-unusable.ts';
export type { Actor, ReadableScope } from './engine/actor.ts';
export { Engine } from './engine/engine.ts';
export type { EnqueueJobs } from './engine/outbox.ts';
export type { EngineObserver } from './engine/observer.ts';
export type {
  BatchMutator,
  MutationContext,
  Mutator,
  Mutators,
  RunContext,
  RunItem,
  RunOutcome,
} from './engine/mutators.ts';
export type { Queue } from './engine/queue.ts';
export { by, type ScopeRule, type TableDeclaration } from './engine/synced-table.ts';
export { reading } from './engine/transaction.ts';
export { track, type TrackRequest, untrack } from './engine/tracking.ts';
export { type Authenticate, type Authenticated, jwtAuth } from './http/auth.ts';
export type { Limits, Rate } from './http/limits.ts';
export { described, type Description } from './http/openapi/app-routes.ts';
export {
  answers,
  json as jsonAnswer,
  jsonBody,
  openAnswers,
  type Operation,
  withBody,
} from './http/openapi/operation.ts';
export type { ApiEnv, ArgsOfRequest } from './http/routes.ts';
export { parseJson, readBody, readJson } from './http/body.ts';
export { errorFacts } from './observe/error-facts.ts';
export { type Log, pinoLog } from './observe/log.ts';
export type { ErrorHook, ObserveOptions } from './observe/observation.ts';
export { nodePlatform, type Platform } from './platform.ts';
export { ProblemError } from './problem.ts';
export { createServer, type Server, type ServerOptions } from './server.ts';
