import type { Delta, Row } from '@ekbaar/sdk/protocol';
import { expect } from 'vitest';

/** What a client holds, kept as the protocol says and by nothing else. */
export class Replica {
  cursor: string | null = null;
  /** scope → collection/id → what came last. */
  readonly #scopes = new Map<string, Map<string, { tag: number; row: Row | null }>>();

  /** Takes a page; checks the account of each scope when it is the last one. */
  apply(delta: Delta): void {
    for (const scope of [...delta.reset, ...delta.dropped]) this.#scopes.delete(scope);
    for (const { scope, collection, id, tag, row } of delta.changes) {
      const rows = this.#scopes.get(scope) ?? new Map();
      this.#scopes.set(scope, rows);
      if (tag === 0) rows.delete(`${collection}/${id}`);
      else rows.set(`${collection}/${id}`, { tag, row });
    }
    this.cursor = delta.cursor;
    if (!delta.more)
      for (const [scope, head] of Object.entries(delta.scopes)) expect(this.account(scope)).toEqual(head);
  }

  /** Rows and checksum as the replica has them, at the version that the server said last. */
  account(scope: string) {
    const tags = [...(this.#scopes.get(scope)?.values() ?? [])].map(({ tag }) => tag);
    const sum = tags.reduce((total, tag) => total + BigInt(tag), 0n);
    return { version: expect.any(Number), rows: tags.length, checksum: String(sum) };
  }

  get scopes(): string[] {
    return [...this.#scopes.keys()].toSorted();
  }

  /** The rows that the person sees, each once, by `collection/id`. */
  get rows(): Map<string, Row> {
    const seen = new Map<string, Row>();
    for (const rows of this.#scopes.values()) {
      for (const [id, { row }] of rows) if (row !== null) seen.set(id, row);
    }
    return new Map([...seen].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Asks for pages until there are no more; gives their number. */
export async function catchUp(replica: Replica, ask: (cursor: string | null) => Promise<Delta>): Promise<number> {
  for (let pages = 1; ; pages++) {
    const delta = await ask(replica.cursor);
    replica.apply(delta);
    if (!delta.more) return pages;
  }
}
