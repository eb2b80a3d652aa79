import type { Delivery } from './delivery.ts';

const scope = 'agent:a1';
const changesPerPage = 1000;

/** A server for `POST /v1/sync` that answers at once, in the page itself, from pages written beforehand. Takes no mutations. */
export class SyncStub {
  readonly #tags = new Map<string, number>();
  readonly #pages: string[] = [];
  #version = 0;
  #cursor = 0;

  /** Writes the pages of a delta with these rows, new or changed. */
  prepare(rows: readonly Delivery[]): void {
    this.#version += 1;
    for (const { id } of rows)
      this.#tags.set(id, ((this.#tags.size + 1) * 2654435761 + this.#version) % 4294967295 || 1);
    for (let from = 0; from < rows.length; from += changesPerPage) {
      const changes = rows.slice(from, from + changesPerPage).map((row) => ({
        ...{ scope, collection: 'deliveries', id: row.id },
        ...{ version: this.#version, tag: this.#tags.get(row.id), row },
      }));
      this.#cursor += 1;
      this.#pages.push(this.#page(changes, from + changesPerPage < rows.length));
    }
  }

  readonly fetch = async (_url: string, { body }: RequestInit): Promise<Response> => {
    // Too short to be compressed.
    const { request, mutations } = JSON.parse(body as string) as { request: string; mutations: unknown[] };
    if (mutations.length > 0) throw new Error('the stub takes no mutations');
    const delta = this.#pages.shift() ?? this.#page([], false);
    const answer = `{"request":"${request}","serverTime":"2026-11-22T10:00:00Z","receipts":[],"stopped":null,"delta":${delta}}`;
    return new Response(answer, { headers: { 'content-type': 'application/json' } });
  };

  #page(changes: readonly unknown[], more: boolean): string {
    const state = { version: this.#version, ...(more ? {} : this.#total()) };
    return JSON.stringify({
      ...{ lastMutationId: 0, changes, scopes: { [scope]: state }, reset: [], dropped: [] },
      ...{ cursor: `page-${this.#cursor}`, more },
    });
  }

  #total(): { rows: number; checksum: string } {
    const sum = [...this.#tags.values()].reduce((total, tag) => total + BigInt(tag), 0n);
    return { rows: this.#tags.size, checksum: String(sum) };
  }
}
