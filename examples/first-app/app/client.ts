import { createClient } from '@ekbaar/sdk';
import { idbStore } from '@ekbaar/sdk/store/idb';
import { model } from '../model.ts';

export const client = await createClient({
  model,
  url: '', // the page's own origin; or https://sync.example.org
  actor: { tenant: 'demo', id: 'asha' }, // whoever signed in: each has a store of their own
  token: async () => {
    const answer = await fetch('/token', { method: 'POST' });
    if (!answer.ok) throw new Error('Sign in first');
    return answer.text();
  },
  store: idbStore(),
  optimistic: {
    finishVisit: (replica, { visitId }) => replica.update('visits', visitId, { status: 'done' }),
  },
});
