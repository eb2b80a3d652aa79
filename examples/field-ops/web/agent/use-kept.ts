import { useEffect, useState } from 'react';
import { useLanguage } from './i18n/language.tsx';
import { comesOnThisPhone, isOnThisPhone } from './keep-on-this-phone.ts';
import { preloadScreens } from './lazy-screens.tsx';

/** Whether the whole app is on this phone, so that nothing of it needs the network; brings it there. */
export function useKept(): boolean {
  const { preload } = useLanguage();
  const [kept, setKept] = useState(isOnThisPhone);
  useEffect(() => {
    let left = false;
    Promise.all([preloadScreens(), preload(), comesOnThisPhone()]).then(
      () => !left && setKept(true),
      // A part that does not come says so where it is asked for.
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [preload]);
  return kept;
}
