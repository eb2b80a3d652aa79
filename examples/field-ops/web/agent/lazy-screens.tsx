import { Component, lazy, type ReactNode, Suspense } from 'react';
import { useLanguage } from './i18n/language.tsx';

const loaders = {
  delivery: () => import('./delivery-sheet.tsx'),
  map: () => import('./screens/map-screen.tsx'),
  history: () => import('./screens/history-screen.tsx'),
  close: () => import('./screens/close-screen.tsx'),
  settings: () => import('./settings-sheet.tsx'),
  support: () => import('./support-sheet.tsx'),
  pin: () => import('./change-pin.tsx'),
};

export const DeliverySheet = lazy(() => loaders.delivery().then((file) => ({ default: file.DeliverySheet })));
export const MapScreen = lazy(() => loaders.map().then((file) => ({ default: file.MapScreen })));
export const HistoryScreen = lazy(() => loaders.history().then((file) => ({ default: file.HistoryScreen })));
export const CloseScreen = lazy(() => loaders.close().then((file) => ({ default: file.CloseScreen })));
export const SettingsSheet = lazy(() => loaders.settings().then((file) => ({ default: file.SettingsSheet })));
export const SupportSheet = lazy(() => loaders.support().then((file) => ({ default: file.SupportSheet })));
export const ChangePin = lazy(() => loaders.pin().then((file) => ({ default: file.ChangePin })));

/**
 * Takes all screens into memory once the first one stands: a page in use must not need a file of its own build when a
 * newer one has taken its place in the meantime.
 */
export function preloadScreens(more: readonly (() => Promise<unknown>)[] = []): void {
  for (const load of [...Object.values(loaders), ...more]) load().catch(() => undefined);
}

/** What is shown until a part of the app is there, and where it does not come. */
export function Part({ children }: { children: ReactNode }) {
  const { t } = useLanguage();
  return (
    <Guard
      fallback={
        <div className="problem" role="alert">
          <p>{t.appProblem}</p>
          <button type="button" onClick={() => location.reload()}>
            {t.tryAgain}
          </button>
        </div>
      }
    >
      <Suspense fallback={<p className="notice">{t.loading}</p>}>{children}</Suspense>
    </Guard>
  );
}

class Guard extends Component<{ fallback: ReactNode; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? this.props.fallback : this.props.children;
  }
}
