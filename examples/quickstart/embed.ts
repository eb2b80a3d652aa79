import { createClient } from '@ekbaar/sdk';
import { idbStore } from '@ekbaar/sdk/store/idb';
import { QueryClient, QueryObserver } from '@tanstack/query-core';
// Your app's model: the same file that your server imports.
import { model } from '@ekbaar/field-ops/model';
const client = await createClient({
  model,
  url: 'https://sync.example.org',
  actor: { tenant: 'pennco', id: 'a17' }, // each person has a store of their own on the phone
  token: () => fetch('/session/token').then((answer) => answer.text()),
  store: idbStore(),
  optimistic: {
    confirmDelivery: (replica, { deliveryId }) => replica.update('deliveries', deliveryId, { status: 'confirmed' }),
  },
});

// A live query for any TanStack Query adapter; in React it is useQuery(client.query(…)).
const pending = client.query('deliveries', { where: { status: 'pending' }, orderBy: 'village' });
new QueryObserver(new QueryClient(), pending).subscribe(({ data }) => console.log('to do:', data?.length));

// Resolves when it is safely on the phone, with or without a network; typed by the model.
const confirmedAt = '2026-11-23T10:04:05+05:30';
const saved = await client.mutate('confirmDelivery', { deliveryId: 'd0001', amountPaise: 124_000, confirmedAt });

// Resolves when the server has spoken: minutes or days later, and once.
const { state, result, error } = await saved.confirmed;
console.log(state === 'applied' ? `receipt ${result?.receiptNo}` : error?.code);

// What the server refused waits here until somebody has dealt with it.
client.rejections.watch((refused) => console.log('needs attention:', refused));
