import type { Platform } from '../platform.ts';

/** What the tabs of one origin share: locks, first come first served, and channels that don't echo. */
export function fakeOrigin(): Pick<Platform, 'lock' | 'channel'> {
  const queues = new Map<string, Promise<unknown>>();
  const channels = new Map<string, Set<(message: unknown) => void>>();
  return {
    lock: async (name, signal, body) => {
      const before = queues.get(name) ?? Promise.resolve();
      const aborted = new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
      const turn = before.then(() => (signal.aborted ? undefined : body()));
      queues.set(
        name,
        turn.catch(() => {}),
      );
      await Promise.race([before, aborted]);
      await turn;
    },
    channel: (name, listener) => {
      const listeners = channels.get(name) ?? new Set();
      channels.set(name, listeners.add(listener));
      return {
        post: (message) => {
          const copy: unknown = structuredClone(message);
          for (const other of listeners) if (other !== listener) queueMicrotask(() => other(copy));
        },
        close: () => listeners.delete(listener),
      };
    },
  };
}
