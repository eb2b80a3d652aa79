// What of PouchDB is used. The types that are published for it declare a global Buffer that is not Node's.

declare module 'pouchdb-browser' {
  type Stored<Document> = Document & { readonly _id: string; readonly _rev: string };

  interface RowsResult {
    readonly rows: readonly (
      | { readonly id: string; readonly value: { readonly rev: string } }
      | { readonly error: string }
    )[];
  }

  export default class PouchDB<Document extends object> {
    static plugin(plugin: unknown): void;
    constructor(name: string, options: { readonly adapter: 'idb' });
    get(id: string): Promise<Stored<Document>>;
    put(document: Stored<Document>): Promise<unknown>;
    bulkDocs(
      documents: readonly (Document & { readonly _id: string; readonly _rev?: string })[],
    ): Promise<readonly object[]>;
    allDocs(options: { readonly keys: readonly string[] }): Promise<RowsResult>;
    changes(options: { readonly since: 'now'; readonly live: true; readonly include_docs: true }): {
      on(event: 'change', listener: (change: { readonly doc?: Stored<Document> }) => void): unknown;
    };
    /** Of pouchdb-find. */
    createIndex(options: { readonly index: { readonly fields: readonly string[] } }): Promise<unknown>;
    find(options: {
      readonly selector: Readonly<Record<string, unknown>>;
      readonly limit: number;
    }): Promise<{ readonly docs: readonly Stored<Document>[] }>;
  }
}

declare module 'pouchdb-find' {
  const plugin: unknown;
  export default plugin;
}
