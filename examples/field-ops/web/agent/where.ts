/** Degrees (WGS 84) and a radius in metres. */
export interface Place {
  lat: number;
  lng: number;
  accuracyM: number;
}

/** Whether the app may know where the phone is; `unavailable` where there is nothing to ask. */
export type PlacePermission = PermissionState | 'unavailable';

export async function placePermission(): Promise<PlacePermission> {
  if (!('geolocation' in navigator) || !('permissions' in navigator)) return 'unavailable';
  const permission = await navigator.permissions.query({ name: 'geolocation' }).catch(() => null);
  return permission?.state ?? 'unavailable';
}

/** Where the phone is now, or null. Makes the browser ask the person when they were not asked before. */
export function currentPlace(): Promise<Place | null> {
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lng: coords.longitude, accuracyM: coords.accuracy }),
      () => resolve(null),
      { timeout: 20_000, maximumAge: 120_000 },
    );
  });
}

/**
 * Where the phone is, if the person has allowed the app to know; else null. Never asks for the permission: a question
 * in the middle of counting cash would be answered without reading it.
 */
export async function whereIfKnown(): Promise<Place | null> {
  return (await placePermission()) === 'granted' ? currentPlace() : null;
}
