/** Those of the limits that a device counts itself: every phone downloads them. */
export const deviceLimits = {
  /** Mutations in one `POST /v1/sync`. */
  mutationsPerRequest: 500,
  /** Changes in one page of a delta. */
  changesPerPage: 1000,
  /** Scopes that one request may name. */
  scopesPerRequest: 1000,
} as const;

/** What one request may hold. The server refuses more; the SDK never sends more. */
export const limits = {
  ...deviceLimits,
  /** Bytes of a request body, also after decompression. */
  bodyBytes: 1024 * 1024,
  /** Mutations that commit together in one database transaction. */
  mutationsPerTransaction: 50,
  /** Rows in one page of `GET /v1/collections/{name}`. */
  rowsPerPage: 500,
  /** Characters of a cursor. */
  cursorLength: 512 * 1024,
  /** How deep the JSON of a body may be nested. */
  jsonDepth: 64,
} as const;
