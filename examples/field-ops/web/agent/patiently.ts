const firstWaitMs = 1_000;
const offlineWaitMs = 30_000;
/** So often it fails with a network: then the server has it no more, as a file of an older build. */
const mostFailures = 4;

/** The phone's line, for whoever waits for it. */
interface Line {
  isOnline(): boolean;
  /** Resolves after so long, in milliseconds, or as soon as there is a network again. */
  wait(ms: number): Promise<void>;
}

/** Loads until it is there, however long there is no network. @throws what `load` throws, when it does with a network too */
export async function patiently<T>(load: () => Promise<T>, line: Line = phoneLine): Promise<T> {
  for (let failures = 0; ;) {
    try {
      return await load();
    } catch (error) {
      const isOnline = line.isOnline();
      if (isOnline && ++failures === mostFailures) throw error;
      await line.wait(isOnline ? firstWaitMs * 2 ** (failures - 1) : offlineWaitMs);
    }
  }
}

const phoneLine: Line = {
  isOnline: () => navigator.onLine,
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
