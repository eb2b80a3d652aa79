import type { EngineState } from '../engine/engine-state.ts';

const freshMs = 5000;
const longestMs = 2000;

/**
 * Asks the database at most once in five seconds, however often and by how many the metrics are asked for, and waits for
 * its answer for two: a database in trouble is when the other numbers are wanted most.
 *
 * @returns undefined when there was no answer
 */
export function scrapedState(
  read: () => Promise<EngineState>,
  monotonic: () => number,
): () => Promise<EngineState | undefined> {
  let last: { at: number; state: EngineState | undefined } | undefined;
  let asking: Promise<EngineState | undefined> | undefined;
  const ask = async () => {
    const state = await read().catch(() => undefined);
    last = { at: monotonic(), state };
    asking = undefined;
    return state;
  };
  return async () => {
    if (last !== undefined && monotonic() - last.at < freshMs) return last.state;
    // One that is late is not asked again: it would only wait longer.
    asking ??= ask();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, longestMs, undefined);
    });
    try {
      return await Promise.race([asking, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}
