import { model } from '@ekbaar/field-ops/model';
import { createClient } from '@ekbaar/sdk';
import { idbStore } from '@ekbaar/sdk/store/idb';

type FieldClient = Awaited<ReturnType<typeof open>>;

let client: FieldClient | undefined;

function open(token: string) {
  const actor = { tenant: 'pennco', id: 'a01' };
  return createClient({
    model,
    url: '',
    actor,
    token: () => token,
    store: idbStore(),
    optimistic: {
      confirmDelivery: (replica, { deliveryId }) => replica.update('deliveries', deliveryId, { status: 'confirmed' }),
    },
  });
}

function opened(): FieldClient {
  if (!client) throw new Error('open it first');
  return client;
}

/** What the page offers to the test that drives it. */
const fieldPage = {
  async open(token: string): Promise<void> {
    client = await open(token);
  },
  /** Resolves when all of them are safe on the phone. */
  async confirm(deliveries: readonly { id: string; amountPaise: number }[]): Promise<void> {
    const confirmedAt = '2026-11-23T10:04:05+05:30';
    await Promise.all(
      deliveries.map(({ id, amountPaise }) =>
        opened().mutate('confirmDelivery', { deliveryId: id, amountPaise, confirmedAt }),
      ),
    );
  },
  status: () => opened().status.get(),
  /** What the phone shows of each delivery. */
  deliveries: async () => (await opened().read('deliveries')).map(({ id, status }) => `${id} ${status}`),
  outcomes: async () => (await opened().readMutations({ name: 'confirmDelivery' })).map(({ state }) => state),
};

export type FieldPage = typeof fieldPage;

Object.assign(globalThis, { fieldPage });
