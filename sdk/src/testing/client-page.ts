import { createClient } from '../create-client.ts';
import type { SignOutOptions } from '../sign-out.ts';
import { idbStore } from '../store/idb/index.ts';
import { model } from './model.ts';

const client = await createClient({
  model,
  url: '',
  actor: { tenant: 'pennco', id: 'a1' },
  token: () => 'good',
  store: idbStore(),
  optimistic: {
    confirm: (replica, { deliveryId }) => replica.update('deliveries', deliveryId, { status: 'confirmed' }),
  },
});

const shown: string[] = [];
client.watch('deliveries', {}, (rows) => shown.push(rows.map(({ id, status }) => `${id} ${status}`).join()));

/** What the page offers to the test that drives it. */
const clientPage = {
  clientId: () => client.clientId,
  shown: () => shown,
  status: () => client.status.get(),
  records: () => client.readMutations(),
  sync: () => client.sync(),
  signOut: (options?: SignOutOptions) => client.signOut(options),
  databases: async () => (await indexedDB.databases()).map(({ name }) => name),
  confirm: async (deliveryId: string) => (await client.mutate('confirm', { deliveryId, amountPaise: 100 })).key,
  rows: async () => (await client.read('deliveries')).length,
  acknowledgeLoss: () => client.acknowledgeLoss(),
  /** Notes of `length` characters, some together, until one is refused. @returns how many were saved, and the refusal. */
  noteUntilFull: async (length: number) => {
    let saved = 0;
    for (;;) {
      const some = Array.from({ length: 20 }, () => client.mutate('note', { text: 'x'.repeat(length) }));
      const ended = await Promise.allSettled(some);
      saved += ended.filter(({ status }) => status === 'fulfilled').length;
      const refused = ended.find((one) => one.status === 'rejected');
      if (refused) return { saved, refused: String(refused.reason) };
    }
  },
  note: async (text: string) => (await client.mutate('note', { text })).key,
};

export type ClientPage = typeof clientPage;

Object.assign(globalThis, { clientPage });
