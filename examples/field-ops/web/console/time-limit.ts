/**
 * Gives `body` a signal that aborts with `signal`, or after `ms` milliseconds.
 * AbortSignal.any would say the same, but browsers that the apps are built for lack it.
 */
export async function withTimeLimit<T>(
  ms: number,
  signal: AbortSignal,
  body: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const limited = new AbortController();
  const end = () => limited.abort();
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  const timer = setTimeout(end, ms);
  try {
    return await body(limited.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}
