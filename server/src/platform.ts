import { type Log, pinoLog } from './observe/log.ts';

/** The one place where the server meets the clock, chance and the console; everything else is handed them. */
export interface Platform {
  readonly clock: () => Date;
  /** Milliseconds from some moment on, on a clock that never goes back: for how long something took. */
  readonly monotonic: () => number;
  /** From 0 to less than 1, as Math.random. */
  readonly random: () => number;
  readonly log: Log;
}

export const nodePlatform: Platform = {
  clock: () => new Date(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  log: pinoLog(),
};
