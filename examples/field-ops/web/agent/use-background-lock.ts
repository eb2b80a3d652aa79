import { useEffect } from 'react';
import { now } from '../shared/platform.ts';
import { useSettings } from './settings.ts';

/** Locks the app that was out of sight for some minutes, as set; also one whose timers slept meanwhile. */
export function useBackgroundLock(lock: () => void): void {
  const lockAfterMs = useSettings().lockMinutes * 60_000;
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
  }, [lock, lockAfterMs]);
}
