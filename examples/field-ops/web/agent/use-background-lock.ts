import { useEffect } from 'react';
import { now } from '../shared/platform.ts';

/** How long the app may be out of sight before it asks for the PIN again. */
const lockAfterMs = 5 * 60_000;

/** Locks the app that was out of sight for some minutes; also one whose timers slept meanwhile. */
export function useBackgroundLock(lock: () => void): void {
  useEffect(() => {
    let hiddenAt: number | null = document.visibilityState === 'hidden' ? now() : null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const changed = () => {
      clearTimeout(timer);
      if (document.visibilityState === 'hidden') {
        hiddenAt = now();
        timer = setTimeout(lock, lockAfterMs);
      } else if (hiddenAt !== null && now() - hiddenAt >= lockAfterMs) lock();
      else hiddenAt = null;
    };
    document.addEventListener('visibilitychange', changed);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', changed);
    };
  }, [lock]);
}
