import { createClient } from '../create-client.ts';
import { registerBackgroundSync } from '../service-worker/index.ts';
import { options } from './worker-options.ts';

await navigator.serviceWorker.register('/worker.js', { type: 'module' });
const registration = await navigator.serviceWorker.ready;
const client = await createClient(options);
registerBackgroundSync(registration, client);

/** What the page offers to the test that drives it. */
const workerPage = {
  note: async (text: string) => (await client.mutate('note', { text })).key,
  notes: async () => (await client.read('notes')).map(({ text }) => text),
  pending: () => client.status.get().pending,
  lastSyncedAt: () => client.status.get().lastSyncedAt,
  tags: () => (registration as unknown as { sync: { getTags(): Promise<string[]> } }).sync.getTags(),
};

export type WorkerPage = typeof workerPage;

Object.assign(globalThis, { workerPage });
