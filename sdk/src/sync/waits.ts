import type { Recovery } from '../errors.ts';

/** How long the loop waits without any reason to wake, and how long a follower lets its own mutations wait. */
const idleMs = 60_000;
/** Without a stream of pokes, somebody who looks at the screen should not wait long for what others did. */
const pollMs = 15_000;
/** Nobody looks: then it is the battery's turn. */
const hiddenPollMs = 90_000;
const firstBackoffMs = 1_000;
const mostBackoffMs = 60_000;
const firstTokenWaitMs = 5_000;
const mostTokenWaitMs = 120_000;
const pausedMs = 10 * 60_000;
/** No hold is a hot loop or for ever, whatever the server asks for. */
const leastHoldMs = 1_000;
const mostHoldMs = 10 * 60_000;

/** Why a pass failed, as far as it says how long to wait. */
export interface Failure {
  readonly recovery: Recovery;
  /** What the server asked for, in milliseconds. */
  readonly retryAfterMs: number;
  /** How many passes in a row have failed before this one. */
  readonly failedBefore: number;
}

/**
 * Until the next pass that nothing asks for. Not all phones in the same second.
 *
 * @param random uniform in [0, 1), here and below
 * @param polling the stream of pokes does not come
 */
export function restMs(random: number, polling: boolean, visible: boolean): number {
  if (!polling) return idleMs * (0.9 + random * 0.2);
  return (visible ? pollMs : hiddenPollMs) * (1 + random);
}

/** Until the next try. */
export function failureMs(random: number, { recovery, retryAfterMs, failedBefore }: Failure): number {
  switch (recovery) {
    case 'backoff':
      return fullJitter(random, firstBackoffMs, mostBackoffMs, failedBefore);
    case 'asked':
    case 'hinted':
      // Whoever was sent away with the same number must not come back in the same moment.
      return retryAfterMs + fullJitter(random, Math.max(retryAfterMs / 2, firstBackoffMs), mostBackoffMs, 0);
    case 'token':
      return fullJitter(random, firstTokenWaitMs, mostTokenWaitMs, failedBefore);
    case 'paused':
      return pausedMs;
  }
}

/**
 * Until mutations are pushed again.
 *
 * @param stops how often in a row the server has stopped before
 */
export function holdMs(random: number, retryAfterMs: number | undefined, stops: number): number {
  if (retryAfterMs === undefined) return fullJitter(random, firstBackoffMs, mostBackoffMs, stops);
  return Math.min(Math.max(retryAfterMs, leastHoldMs), mostHoldMs);
}

/** Uniform between 0 and an exponentially growing limit ("full jitter"), but never a busy loop. */
function fullJitter(random: number, firstMs: number, mostMs: number, failedBefore: number): number {
  return Math.max(random * Math.min(firstMs * 2 ** failedBefore, mostMs), 50);
}
