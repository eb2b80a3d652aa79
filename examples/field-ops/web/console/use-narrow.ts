import { useSyncExternalStore } from 'react';

/** Below this width a row of a list becomes a small card. */
const narrow = '(max-width: 860px)';

export function useNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(narrow);
      media.addEventListener('change', listener);
      return () => media.removeEventListener('change', listener);
    },
    () => matchMedia(narrow).matches,
  );
}
