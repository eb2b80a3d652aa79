/** What is sent to an operation so that it does what it is for. */
export interface Sample {
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
}

/** By operation. Each is made when it is asked for: most need something that is there only once. */
export type Samples = Record<string, () => Promise<Sample> | Sample>;
