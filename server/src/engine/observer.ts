import type { MutationStatus, Receipt, Stopped, SyncRequest } from '@ekbaar/sdk/protocol';
import { ProblemError } from '../problem.ts';
import type { Moved } from './publish.ts';

/** What became of a mutation: a receipt's status, or `halted` when its mutator threw and it will be tried again. */
export type MutationOutcome = MutationStatus | 'halted';

export interface MutationFacts {
  readonly tenant: string;
  /** As it was sent: not always a name of the model. */
  readonly name: string;
  readonly outcome: MutationOutcome;
  /** Why it had no effect, as it was said: not always a code of the model. */
  readonly code?: string | undefined;
  /** Nothing ran: the outcome is that of an earlier request. */
  readonly replayed: boolean;
}

export interface DeltaFacts {
  readonly tenant: string;
  readonly changes: number;
  /** Kinds of the scopes that the client must forget (`agent` of `agent:a17`), one for each. */
  readonly reset: readonly string[];
  /** Likewise, of the scopes whose checksum did not fit on the client. */
  readonly diverged: readonly string[];
}

/** A piece of work whose length is worth knowing; a `transaction` is one try. */
export type Step =
  | { readonly kind: StepKind; readonly tenant: string }
  | { readonly kind: 'transaction'; readonly of: TransactionKind };

export type StepKind = 'push' | 'mutate' | 'delta' | 'page' | 'row';

export type TransactionKind = 'write' | 'read' | 'sweep';

/**
 * Told of what the engine does, for metrics, logs and traces. The engine knows none of these; it hands out counts, names
 * and codes, never args, rows or results. A callback must return at once and must not throw.
 */
export interface EngineObserver {
  /** Runs a step, to time it or to trace what happens in it; calls `run` once and answers what that answers. */
  step?<T>(step: Step, run: () => Promise<T>): Promise<T>;
  /** A client pushed: how many mutations came, and where the server stopped. */
  pushed?(facts: {
    readonly tenant: string;
    readonly client: string;
    readonly mutations: number;
    readonly stopped: Stopped['code'] | undefined;
  }): void;
  /** A mutation has been answered. What broke before there was an answer is told with the retry. */
  mutation?(facts: MutationFacts): void;
  /** A delta has been read. */
  delta?(facts: DeltaFacts): void;
  /** So many scopes got new versions, by a mutation's own transaction or by the sweeper. */
  published?(facts: { readonly tenant: string; readonly scopes: number; readonly by: 'write' | 'sweep' }): void;
}

/** `agent` of `agent:a17`. */
function kindOf(scope: string): string {
  return scope.slice(0, Math.max(0, scope.indexOf(':')));
}

/** Tells of a push that has been answered, mutation by mutation. */
export function tellOfPush(
  observer: EngineObserver,
  tenant: string,
  { clientId, mutations }: Pick<SyncRequest, 'clientId' | 'mutations'>,
  { receipts, stopped }: { readonly receipts: readonly Receipt[]; readonly stopped: Stopped | null },
): void {
  observer.pushed?.({ tenant, client: clientId, mutations: mutations.length, stopped: stopped?.code });
  if (observer.mutation === undefined || mutations.length === 0) return;
  const names = new Map(mutations.map(({ id, name }) => [id, name]));
  for (const { id, status, error, replayed } of receipts) {
    observer.mutation({ tenant, name: names.get(id) ?? '', outcome: status, code: error?.code, replayed });
  }
  if (stopped?.code === 'halted')
    observer.mutation({ tenant, name: names.get(stopped.id) ?? '', outcome: 'halted', replayed: false });
}

/** Tells of a mutation over REST that threw; a refusal that kept nothing counts as rejected. */
export function tellOfRefusal(observer: EngineObserver, tenant: string, name: string, error: unknown): void {
  if (!(error instanceof ProblemError)) return;
  const { code } = error;
  if (code === 'halted') observer.mutation?.({ tenant, name, outcome: 'halted', replayed: false });
  if (code === 'invalid_args' || code === 'key_reused')
    observer.mutation?.({ tenant, name, outcome: 'rejected', code, replayed: false });
}

/** Tells of a delta. */
export function tellOfDelta(
  observer: EngineObserver,
  tenant: string,
  delta: { readonly reset: readonly string[]; readonly changes: { readonly length: number } },
  diverged: readonly string[],
): void {
  const inDoubt = new Set(diverged);
  observer.delta?.({
    tenant,
    changes: delta.changes.length,
    reset: delta.reset.map(kindOf),
    // Only what the server reset for it: a client may name scopes that are none.
    diverged: delta.reset.filter((scope) => inDoubt.has(scope)).map(kindOf),
  });
}

export function tellOfVersions(observer: EngineObserver, tenant: string, moved: Moved, by: 'write' | 'sweep'): void {
  if (moved.size > 0) observer.published?.({ tenant, scopes: moved.size, by });
}
