import type { Client } from '../client.ts';
import type { ClientOptions } from '../client-options.ts';
import { createClient } from '../create-client.ts';
import type { Platform, PlatformEvent } from '../platform.ts';
import { memoryStore } from '../store/memory/index.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeServer } from './fake-server.ts';
import { model, type TestModel } from './model.ts';

/** A clock, a server and a disk, on which a test starts clients. */
export class World {
  readonly clock = new FakeClock();
  readonly server = new FakeServer(['agent:a1']);
  readonly disk = memoryStore({ shared: true });
  readonly #listeners = new Set<(event: PlatformEvent) => void>();
  readonly #clients: Client<TestModel>[] = [];
  #random = 1;
  isOnline = true;

  constructor() {
    this.server.now = this.clock.now;
    seed(this.server);
  }

  get platform(): Platform {
    return {
      now: this.clock.now,
      setTimeout: this.clock.setTimeout,
      clearTimeout: this.clock.clearTimeout,
      randomBytes: (length) => Uint8Array.from({ length }, () => this.#byte()),
      fetch: this.server.fetch,
      streams: true,
      online: () => this.isOnline,
      onEvent: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      pokes: false,
      leads: true,
      // It takes real time: the clock, which waits for nothing real, would run ahead of it.
      gzip: undefined,
    };
  }

  tell(event: PlatformEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  async client(options: Partial<ClientOptions<TestModel>> = {}): Promise<Client<TestModel>> {
    const client = await createClient<TestModel>({
      model,
      url: 'http://server',
      actor: { tenant: 'pennco', id: 'a1' },
      token: () => this.server.validToken,
      store: this.disk,
      optimistic: {
        confirm: (replica, { deliveryId }) => replica.update('deliveries', deliveryId, { status: 'confirmed' }),
        note: (replica, { text }, { key }) => replica.put('notes', { id: key, text }),
      },
      ...options,
      platform: { ...this.platform, ...options.platform },
    });
    this.#clients.push(client);
    return client;
  }

  /** A client that has synced once and waits. */
  async synced(options: Partial<ClientOptions<TestModel>> = {}): Promise<Client<TestModel>> {
    const client = await this.client(options);
    await this.settle(client);
    return client;
  }

  /** Lets time pass until nothing is pending and nothing is on its way. */
  async settle(client: Client<TestModel>): Promise<void> {
    const { status } = client;
    await this.clock.until(() => {
      const { syncing, pending, lastSyncedAt } = status.get();
      return !syncing && pending === 0 && lastSyncedAt !== null;
    }, 'a quiet client');
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0)) await client.close();
  }

  /** Numerical Recipes' generator: the same run gives the same numbers. */
  #byte(): number {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return this.#random >>> 24;
  }
}

/** Two deliveries to confirm, and a server that confirms each once. */
export function seed(server: FakeServer): void {
  server.mutators['confirm'] = ({ deliveryId }: { deliveryId: string }) => {
    const row = server.row('deliveries', deliveryId);
    if (row?.['status'] !== 'pending') {
      return { status: 'rejected', error: { code: 'already_confirmed', message: 'It is confirmed already' } };
    }
    server.write('deliveries', deliveryId, { ...row, status: 'confirmed' });
    return { status: 'applied', result: { receiptNo: `R-${deliveryId}` } };
  };
  server.write('deliveries', 'd1', { id: 'd1', status: 'pending', amountPaise: 100 });
  server.write('deliveries', 'd2', { id: 'd2', status: 'pending', amountPaise: 200 });
}
