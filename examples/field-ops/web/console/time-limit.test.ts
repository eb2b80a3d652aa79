import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withTimeLimit } from './time-limit.ts';

/** Ends as a fetch would: when its signal aborts. */
function untilAborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve('aborted');
    signal.addEventListener('abort', () => resolve('aborted'));
  });
}

describe('withTimeLimit', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('aborts when the time is over', async () => {
    const result = withTimeLimit(1_000, new AbortController().signal, untilAborted);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await result).toBe('aborted');
  });

  it('aborts with the signal, also when it has aborted before', async () => {
    const closing = new AbortController();
    const result = withTimeLimit(1_000, closing.signal, untilAborted);
    closing.abort();
    expect(await result).toBe('aborted');
    expect(await withTimeLimit(1_000, closing.signal, untilAborted)).toBe('aborted');
  });

  it('leaves nothing behind', async () => {
    const closing = new AbortController();
    let given: AbortSignal | undefined;
    const failing = withTimeLimit(1_000, closing.signal, (limited) => {
      given = limited;
      return Promise.reject(new Error('no line'));
    });
    await expect(failing).rejects.toThrow('no line');
    expect(vi.getTimerCount()).toBe(0);
    closing.abort();
    expect(given?.aborted).toBe(false);
  });
});
