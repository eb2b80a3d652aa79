import type * as Sentry from './sentry.ts';

/** What is everyday in the field, and nobody's mistake. */
const everyday = new Set([
  'offline',
  'unreachable',
  'timeout',
  'not_an_answer',
  'unavailable',
  'overloaded',
  'throttled',
]);

/** For `createClient({ onError })`; `sentry` is that of `@sentry/browser`, `@sentry/react` or `@sentry/react-native`. */
export function reportTo(sentry: Pick<typeof Sentry, 'captureException' | 'addBreadcrumb'>) {
  return (error: unknown, code: string): void => {
    if (everyday.has(code)) sentry.addBreadcrumb({ category: 'sync', message: code });
    else sentry.captureException(error, { tags: { 'sync.code': code } });
  };
}
