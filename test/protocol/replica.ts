import type { Delta, Row } from '@ekbaar/sdk/protocol';

/** What a client holds, kept as the protocol says and by nothing else. */
export class Replica {
  cursor: string | null = null;
  /** scope → collection/id → what came last. */
  readonly #scopes = new Map<string, Map<string, { tag: number; row: Row | null }>>();

  /** Takes a page. @throws Error when it is the last one and a scope's rows or checksum are not the server's */
  apply(delta: Delta): void {
    for (const scope of [...delta.reset, ...delta.dropped]) this.#scopes.delete(scope);
    for (const { scope, collection, id, tag, row } of delta.changes) {
      const rows = this.#scopes.get(scope) ?? new Map();
      this.#scopes.set(scope, rows);
      if (tag === 0) rows.delete(`${collection}/${id}`);
      else rows.set(`${collection}/${id}`, { tag, row });
    }
    this.cursor = delta.cursor;
    if (delta.more) return;
    for (const [scope, { rows, checksum }] of Object.entries(delta.scopes)) {
      // A standby that is behind this client has nothing to compare with.
      if (checksum === undefined) continue;
      const own = this.#account(scope);
      if (own.rows !== rows || own.checksum !== checksum) {
        throw new Error(
          `${scope} has ${own.rows} rows and ${own.checksum} here, ${rows} and ${checksum} on the server`,
        );
      }
    }
  }

  #account(scope: string): { rows: number; checksum: string } {
    const tags = [...(this.#scopes.get(scope)?.values() ?? [])].map(({ tag }) => tag);
    return { rows: tags.length, checksum: String(tags.reduce((sum, tag) => sum + BigInt(tag), 0n)) };
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
