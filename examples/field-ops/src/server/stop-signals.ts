/**
 * Ends the process in good order on SIGINT and SIGTERM: `stop`, then out. Whoever says it twice does not want to wait; and
 * what cannot end (a database that hangs) must not keep the process.
 */
export function stopOnSignals(stop: () => Promise<void>, longestMs: number): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      setTimeout(() => process.exit(1), longestMs).unref();
      void stop().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
    });
  }
}
