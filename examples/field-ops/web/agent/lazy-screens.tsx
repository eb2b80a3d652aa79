import { lazy } from 'react';
import { patiently } from './patiently.ts';

// React keeps a failure for ever: so it hears of one only when trying again does not help.
const loaders = {
  delivery: () => patiently(() => import('./delivery-sheet.tsx')),
  map: () => patiently(() => import('./screens/map-screen.tsx')),
  history: () => patiently(() => import('./screens/history-screen.tsx')),
  close: () => patiently(() => import('./screens/close-screen.tsx')),
  settings: () => patiently(() => import('./settings-sheet.tsx')),
  support: () => patiently(() => import('./support-sheet.tsx')),
  // Of the support sheet, which opens without it.
  inspector: () => patiently(() => import('@ekbaar/sdk/inspector')),
  pin: () => patiently(() => import('./change-pin.tsx')),
};

export const DeliverySheet = lazy(() => loaders.delivery().then((file) => ({ default: file.DeliverySheet })));
export const MapScreen = lazy(() => loaders.map().then((file) => ({ default: file.MapScreen })));
export const HistoryScreen = lazy(() => loaders.history().then((file) => ({ default: file.HistoryScreen })));
export const CloseScreen = lazy(() => loaders.close().then((file) => ({ default: file.CloseScreen })));
export const SettingsSheet = lazy(() => loaders.settings().then((file) => ({ default: file.SettingsSheet })));
export const SupportSheet = lazy(() => loaders.support().then((file) => ({ default: file.SupportSheet })));
export const ChangePin = lazy(() => loaders.pin().then((file) => ({ default: file.ChangePin })));

/**
 * Takes all screens into memory: a page in use must not need a file of its own build when a newer one has taken its place
 * in the meantime, and a first visit must not need the network for long.
 */
export async function preloadScreens(): Promise<void> {
  await Promise.all(Object.values(loaders).map((load) => load()));
}
