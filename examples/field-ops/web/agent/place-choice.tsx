import { useEffect, useState } from 'react';
import { useLanguage } from './i18n/language.tsx';
import { currentPlace, placePermission, type PlacePermission } from './where.ts';

/** Asks for the location when the agent wants it on confirmations, and says how it stands. */
export function PlaceChoice() {
  const { t } = useLanguage();
  const [permission, setPermission] = useState<PlacePermission>('unavailable');
  useEffect(() => {
    void placePermission().then(setPermission);
  }, []);

  if (permission === 'unavailable') return null;
  if (permission !== 'prompt')
    return <p>{permission === 'granted' ? t.account.locationAdded : t.account.locationDenied}</p>;
  return (
    <button
      type="button"
      className="secondary wide"
      onClick={() => void currentPlace().then(placePermission).then(setPermission)}
    >
      {t.account.addLocation}
    </button>
  );
}
