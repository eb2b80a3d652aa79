/** The one place where the server meets the clock, chance and the console; everything else is handed them. */
export interface Platform {
  readonly clock: () => Date;
  /** From 0 to less than 1, as Math.random. */
  readonly random: () => number;
  readonly log: Log;
}

/** Structured log lines: facts first, then what happened. Facts never hold args, rows or tokens. */
export interface Log {
  info(facts: Record<string, unknown>, message: string): void;
  error(facts: Record<string, unknown>, message: string): void;
}

export const nodePlatform: Platform = {
  clock: () => new Date(),
  random: () => Math.random(),
  log: {
    info: (facts, message) => console.log(JSON.stringify({ level: 'info', at: new Date(), message, ...facts })),
    error: (facts, message) => console.error(JSON.stringify({ level: 'error', at: new Date(), message, ...facts })),
  },
};
