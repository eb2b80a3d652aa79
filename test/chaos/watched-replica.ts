import type { Change, Delta } from '@ekbaar/sdk/protocol';
import { Replica } from '../protocol/replica.ts';
import type { Violations } from './violation.ts';

/** A replica that looks at every page it takes: scopes, rows, versions, counts and checksums. */
export class WatchedReplica {
  /** For reports: whose it is. */
  readonly name: string;
  readonly tenant: string;
  #replica = new Replica();
  readonly #readable: (scope: string) => boolean;
  readonly #violations: Violations;
  readonly #versions = new Map<string, number>();

  constructor(name: string, tenant: string, readable: (scope: string) => boolean, violations: Violations) {
    this.name = `${tenant}/${name}`;
    this.tenant = tenant;
    this.#readable = readable;
    this.#violations = violations;
  }

  get cursor(): string | null {
    return this.#replica.cursor;
  }

  get rows(): Replica['rows'] {
    return this.#replica.rows;
  }

  reads(scope: string): boolean {
    return this.#readable(scope);
  }

  /** Forgets everything, as a new reader would begin. */
  startAnew(): void {
    this.#replica = new Replica();
  }

  take(delta: Delta, strangers: readonly string[]): void {
    for (const stranger of strangers) this.#violations.add('I5', `${this.name} was shown something of ${stranger}`);
    for (const scope of new Set([...Object.keys(delta.scopes), ...delta.changes.map((change) => change.scope)])) {
      if (!this.#readable(scope)) this.#violations.add('I5', `${this.name} was shown the scope ${scope}`);
    }
    // Nothing was restored and nobody's rights changed: no history may look like another one.
    for (const scope of [...delta.reset, ...delta.dropped]) {
      this.#violations.add('I4', `${this.name} was told to forget ${scope}`);
    }
    for (const change of delta.changes) {
      if (change.row !== null && !admits(change)) {
        this.#violations.add('I5', `${this.name} was given ${change.collection}/${change.id} in ${change.scope}`);
      }
    }
    for (const [scope, { version }] of Object.entries(delta.scopes)) {
      const before = this.#versions.get(scope) ?? 0;
      if (version < before) this.#violations.add('I4', `${this.name} saw ${scope} at ${before}, then at ${version}`);
      this.#versions.set(scope, version);
    }
    try {
      this.#replica.apply(delta);
    } catch (error) {
      this.#violations.add('I4', `${this.name}: ${(error as Error).message}`);
    }
  }
}

/** Whether the row's own columns put it into the scope it came in. */
function admits({ scope, collection, id, row }: Change): boolean {
  const kind = scope.slice(0, scope.indexOf(':'));
  const value = scope.slice(scope.indexOf(':') + 1);
  if (kind === 'region') return row?.['regionId'] === value;
  if (kind === 'agent') return (collection === 'agents' ? id : row?.['agentId']) === value;
  return kind === 'actor';
}
