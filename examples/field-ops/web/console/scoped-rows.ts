import type { Delta } from '@ekbaar/sdk/protocol';
import type { RowOf } from '@ekbaar/sdk/model';
import { AgentPosition, Agent, Delivery, type FieldOpsModel } from '../../src/model.ts';

export type DeliveryRow = RowOf<FieldOpsModel, 'deliveries'>;
export type AgentRow = RowOf<FieldOpsModel, 'agents'>;
export type PositionRow = RowOf<FieldOpsModel, 'agentPositions'>;

/** The collections that the console shows; the feed may carry others. */
const schemas = { deliveries: Delivery, agents: Agent, agentPositions: AgentPosition };
type Shown = { deliveries: DeliveryRow; agents: AgentRow; agentPositions: PositionRow };

interface Held {
  collection: string;
  row: unknown;
  /** The scopes through which the row came; a row that is in none any more is forgotten. */
  scopes: Set<string>;
}

/** What the pull API has told so far: one row each, however many scopes it came through. */
export class ScopedRows {
  readonly #held = new Map<string, Held>();

  /** Takes in one page of the feed; gives back the ids of the deliveries in it. */
  apply(delta: Delta): string[] {
    for (const scope of [...delta.reset, ...delta.dropped]) this.#forget(scope);
    const deliveries: string[] = [];
    for (const change of delta.changes) {
      const key = `${change.collection} ${change.id}`;
      const schema = schemas[change.collection as keyof typeof schemas];
      if (!schema) continue;
      const row = change.row === null ? undefined : schema.safeParse(change.row).data;
      if (row === undefined) {
        this.#leave(key, change.scope);
        continue;
      }
      const held = this.#held.get(key);
      this.#held.set(key, {
        collection: change.collection,
        row,
        scopes: (held?.scopes ?? new Set<string>()).add(change.scope),
      });
      if (change.collection === 'deliveries') deliveries.push(change.id);
    }
    return deliveries;
  }

  /** All rows of a collection. */
  all<Name extends keyof Shown>(collection: Name): Shown[Name][] {
    const rows: Shown[Name][] = [];
    for (const held of this.#held.values()) {
      // `apply` has parsed it with the schema of its collection.
      if (held.collection === collection) rows.push(held.row as Shown[Name]);
    }
    return rows;
  }

  #forget(scope: string): void {
    for (const [key, held] of this.#held) {
      if (held.scopes.has(scope)) this.#leave(key, scope);
    }
  }

  #leave(key: string, scope: string): void {
    const held = this.#held.get(key);
    if (held?.scopes.delete(scope) && held.scopes.size === 0) this.#held.delete(key);
  }
}
