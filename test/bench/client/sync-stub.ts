import type { Delivery } from './delivery.ts';

const scope = 'agent:a1';
const changesPerPage = 1000;

const encoder = new TextEncoder();

/**
 * A server for `POST /v1/sync` that answers at once, in the page itself, from pages written and encoded beforehand: what a
 * server does elsewhere costs the page nothing. Takes no mutations.
 */
export class SyncStub {
  readonly #tags = new Map<string, number>();
  readonly #pages: Uint8Array[] = [];
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
    const head = `{"request":"${request}","serverTime":"2026-11-22T10:00:00Z","receipts":[],"stopped":null,"delta":`;
    return new Response(joined(encoder.encode(head), delta, encoder.encode('}')), {
      headers: { 'content-type': 'application/json' },
    });
  };

  #page(changes: readonly unknown[], more: boolean): Uint8Array {
    const state = { version: this.#version, ...(more ? {} : this.#total()) };
    const text = JSON.stringify({
      ...{ lastMutationId: 0, changes, scopes: { [scope]: state }, reset: [], dropped: [] },
      ...{ cursor: `page-${this.#cursor}`, more },
    });
    return encoder.encode(text);
  }

  #total(): { rows: number; checksum: string } {
    const sum = [...this.#tags.values()].reduce((total, tag) => total + BigInt(tag), 0n);
    return { rows: this.#tags.size, checksum: String(sum) };
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
