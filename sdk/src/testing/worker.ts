import { createClient } from '../create-client.ts';
import { onBackgroundSync } from '../service-worker/index.ts';
import { options } from './worker-options.ts';

interface SyncEvent extends Event {
  waitUntil(work: Promise<void>): void;
}

/** Tells the test how each wake has ended, as the browser hears it too. */
function tell(event: Event): void {
  const waitUntil = (event as SyncEvent).waitUntil.bind(event);
  const report = (how: string) => fetch(`/v1/report/${event.type} ${how}`, { method: 'POST', body: '' }).then(() => {});
  Object.defineProperty(event, 'waitUntil', {
    value: (work: Promise<void>) => {
      waitUntil(work);
      waitUntil(
        work.then(
          () => report('done'),
          (error: { code: string }) => report(error.code),
        ),
      );
    },
  });
}
for (const type of ['sync', 'periodicsync']) addEventListener(type, tell);

onBackgroundSync({ createClient: () => createClient(options) });
