import { createClient } from '../create-client.ts';
import { mountInspector } from '../inspector/index.ts';
import { idbStore } from '../store/idb/index.ts';
import { model } from './model.ts';

const client = await createClient({
  model,
  url: '',
  actor: { tenant: 'pennco', id: 'a1' },
  token: () => 'good',
  store: idbStore(),
});

const asked = new URLSearchParams(location.search).get('theme');
const theme = asked === 'light' || asked === 'dark' ? asked : 'auto';
document.body.style.margin = '0';
// A style of the app's own, which the panel must not take.
const own = document.createElement('style');
own.textContent = 'button { display: none } td { font-size: 40px }';
document.head.append(own);

/** What the page offers to the test that drives it. */
const inspectorPage = {
  unmount: mountInspector(document.body, client, { theme }),
  sync: () => client.sync(),
  confirm: async (deliveryId: string) => (await client.mutate('confirm', { deliveryId, amountPaise: 100 })).key,
  note: async (text: string) => (await client.mutate('note', { text })).key,
  pending: () => client.status.get().pending,
  retryAll: async () => {
    for (const { key } of await client.rejections.read()) await client.rejections.retry(key);
  },
};

export type InspectorPage = typeof inspectorPage;

Object.assign(globalThis, { inspectorPage });
