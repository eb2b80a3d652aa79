import { kilometresBetween, type Point } from '../../../src/day-route.ts';

/** Where the phone was, with a radius in metres and the time in milliseconds. */
export interface Fix extends Point {
  readonly accuracyM: number;
  readonly at: number;
}

const everyMs = 5 * 60_000;
const soonestMs = 60_000;
const movedM = 200;
/** A guess by the mast: it says where the mast is. */
const vaguestM = 2000;

/** Whether a place is told to the office: the first one, then when the agent has moved, else every five minutes. */
export function worthRecording(last: Fix | null, next: Fix): boolean {
  if (next.accuracyM > vaguestM) return false;
  if (last === null || next.at - last.at >= everyMs) return true;
  if (next.at - last.at < soonestMs) return false;
  // Within the error of both it may not have moved at all.
  return kilometresBetween(last, next) * 1000 > Math.max(movedM, last.accuracyM + next.accuracyM);
}
