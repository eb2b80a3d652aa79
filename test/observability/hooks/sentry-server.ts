import type { ObserveOptions } from '@ekbaar/server';
import type * as Sentry from './sentry.ts';

/** For `createServer({ observe })`; `sentry` is `import * as Sentry from '@sentry/node'`, after `Sentry.init(…)`. */
export function toSentry(sentry: Pick<typeof Sentry, 'captureException'>): ObserveOptions {
  return {
    onError(error, { route, code, tenant, name, requestId, traceId }) {
      sentry.captureException(error, { tags: { route, code, tenant, mutation: name }, extra: { requestId, traceId } });
    },
  };
}
