const firstWaitMs = 1_000;
const longestWaitMs = 30_000;
/** So often it fails while the server answers: then the server has it no more, as a file of an older build. */
const mostFailures = 4;

/** The phone's line, for whoever waits for it. */
interface Line {
  /** Whether the server can be reached. A phone that says it is online may have a line that carries nothing. */
  reachesServer(): Promise<boolean>;
  /** Resolves after so long, in milliseconds, or as soon as there is a network again. */
  wait(ms: number): Promise<void>;
}

/** Loads until it is there, however long the server is out of reach. @throws what `load` throws, when it does in reach too */
export async function patiently<T>(load: () => Promise<T>, line: Line = phoneLine): Promise<T> {
  for (let tries = 0, failures = 0; ; tries++) {
    try {
      return await load();
    } catch (error) {
      if ((await line.reachesServer()) && ++failures === mostFailures) throw error;
      await line.wait(Math.min(firstWaitMs * 2 ** tries, longestWaitMs));
    }
  }
}

const phoneLine: Line = {
  async reachesServer() {
    if (!navigator.onLine) return false;
    // The service worker answers GET alone.
    const asked = fetch(import.meta.env.BASE_URL, { method: 'HEAD', cache: 'no-store' });
    return asked.then(
      () => true,
      () => false,
    );
  },
  wait: (ms) =>
    new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        removeEventListener('online', go);
        resolve();
      };
      const timer = setTimeout(go, ms);
      addEventListener('online', go);
    }),
};
