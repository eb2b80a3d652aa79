import { createClient } from '@ekbaar/sdk';
import { idbStore } from '@ekbaar/sdk/store/idb';
import { firstModel } from '../support/visits-model.ts';

declare global {
  interface Window {
    /** The test's: a mutation is safely on disk, says the SDK. */
    readonly saved: (visitId: string, key: string) => Promise<void>;
    readonly tab: Tab;
  }
}

const token = new URLSearchParams(location.search).get('token') ?? '';
const client = await createClient({
  model: firstModel,
  url: '',
  actor: { tenant: 'pennco', id: 'a17' },
  token: () => token,
  store: idbStore(),
});

const tab = {
  note: async (id: string) => {
    const { key } = await client.mutate('noteVisit', { id, text: 'x'.repeat(100) });
    await window.saved(id, key);
  },
  clientId: () => client.clientId,
  pending: () => client.status.get().pending,
  visits: async () => (await client.read('visits')).length,
  states: async () => (await client.readMutations()).map(({ state }) => state),
  sync: () => client.sync(),
};
export type Tab = typeof tab;

Object.assign(globalThis, { tab });
