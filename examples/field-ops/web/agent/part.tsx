import { Component, type ReactNode, Suspense, useEffect, useState, useSyncExternalStore } from 'react';
import { useLanguage } from './i18n/language.tsx';
import { Sheet } from './sheet.tsx';

/** What comes sooner is not announced: a sheet that is there at once must not follow on another one. */
const openingAfter = 300;

/**
 * What is shown until a part of the app is there, and where it does not come.
 * @param onClose for a part that is a sheet: what is said then stands in a sheet too, and not under the whole list
 */
export function Part({ children, onClose }: { children: ReactNode; onClose?: () => void }) {
  const { t } = useLanguage();
  const problem = <PartProblem />;
  const opening = <p className="notice">{t.loading}</p>;
  return (
    <Guard fallback={onClose ? <Said onClose={onClose}>{problem}</Said> : problem}>
      <Suspense fallback={onClose ? <Opening onClose={onClose}>{opening}</Opening> : opening}>{children}</Suspense>
    </Guard>
  );
}

/** Where a reload would lose the app for want of a network, it is not offered. */
export function PartProblem() {
  const { t } = useLanguage();
  const isOnline = useSyncExternalStore(subscribe, () => navigator.onLine);
  const isKept = 'serviceWorker' in navigator && navigator.serviceWorker.controller !== null;
  return (
    <div className="problem" role="alert" data-testid="part-problem">
      <p>{t.appProblem}</p>
      {isKept || isOnline ? (
        <button type="button" onClick={() => location.reload()}>
          {t.reload}
        </button>
      ) : (
        <p>{t.bar.offline}</p>
      )}
    </div>
  );
}

function Said({ children, onClose }: { children: ReactNode; onClose(): void }) {
  const { t } = useLanguage();
  return (
    <Sheet title={t.appName} onClose={onClose}>
      {children}
    </Sheet>
  );
}

function Opening({ children, onClose }: { children: ReactNode; onClose(): void }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), openingAfter);
    return () => clearTimeout(timer);
  }, []);
  return late && <Said onClose={onClose}>{children}</Said>;
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

function subscribe(listener: () => void): () => void {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
}
