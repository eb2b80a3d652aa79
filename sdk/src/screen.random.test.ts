import { expect, test } from 'vitest';
import type { Client } from './client.ts';
import { StoreFullError } from './errors.ts';
import type { Channel, Platform } from './platform.ts';
import type { Query } from './replica/query.ts';
import type { Store } from './store/store.ts';
import { idle } from './testing/fake-clock.ts';
import { fakeOrigin } from './testing/fake-origin.ts';
import type { TestModel } from './testing/model.ts';
import { World } from './testing/world.ts';
import { wrapStore } from './testing/wrap-store.ts';

interface Delivery {
  id: string;
  status: string;
  amountPaise: number;
  /** Counts what was written before it. */
  written?: number;
}

/** What is watched: whole collections, a key, an index, a window of it, and what no index helps with. */
const questions: readonly Query<Delivery>[] = [
  {},
  { where: { id: 'd1' } },
  { where: { status: 'pending' } },
  { where: { status: { in: ['pending', 'failed'] } }, orderBy: '-amountPaise', limit: 4 },
  { orderBy: 'status', limit: 3 },
  { orderBy: '-status', limit: 70 },
];
const statuses = ['pending', 'failed', 'confirmed', 'late'];

/** A phone whose line and disk are slow, and lose things, and a server whose rows move between scopes. */
class Phone {
  readonly world = new World();
  /** Of a hundred transactions and requests: so many are lost, and so many wait until {@link letOne}. */
  losses = 0;
  waits = 0;
  /** The store does what it is asked in that order. */
  inOrder = false;
  /** In one of so many writes, a row leaves a scope. */
  stays = 3;
  /** What nobody waits for yet has not ended. */
  under = 0;
  #random: number;
  #written = 0;
  readonly #waiting: (() => void)[] = [];
  readonly origin: ReturnType<typeof fakeOrigin>;

  constructor(seed: number) {
    this.#random = (seed * 2654435761) >>> 0;
    const { server } = this.world;
    server.scopes.set('village:v1', { version: 0, lines: new Map() });
    server.mutators['note'] = ({ text }: { text: string }) => {
      server.write('notes', text, { id: text, text });
      return { status: 'applied' };
    };
    server.pageSize = 5 + this.random(60);
    for (let at = 3; at < 30 + this.random(100); at += 1) this.writeRow(`d${at}`);
    // Where there are no locks, tabs sync at once.
    const { lock, channel: lossless } = fakeOrigin();
    const channel: Platform['channel'] = (name, listener) =>
      lossless?.(name, (message) => {
        // A tab that sleeps hears nothing.
        if (!this.#happens(this.losses)) listener(message);
      }) as Channel;
    this.origin = this.random(3) === 0 ? { channel } : { lock, channel };
  }

  /** From 0, below `below`. */
  random(below: number): number {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return Math.floor(((this.#random >>> 8) / 2 ** 24) * below);
  }

  writeRow(id: string): void {
    const { server } = this.world;
    this.#written += 1;
    const row = { id, status: statuses[this.random(4)] ?? '', amountPaise: this.random(9) + 1, written: this.#written };
    for (const [name, { lines }] of server.scopes) {
      if (this.random(this.stays) > 0) server.write('deliveries', id, row, [name]);
      else if (lines.has(`deliveries/${id}`)) server.write('deliveries', id, null, [name]);
    }
  }

  async turns(most: number): Promise<void> {
    for (let left = this.random(most); left > 0; left -= 1) await new Promise((resolve) => setTimeout(resolve));
  }

  letOne(): void {
    this.#waiting.splice(this.random(this.#waiting.length), 1)[0]?.();
  }

  async #wait(times: number, signal?: AbortSignal | null): Promise<void> {
    if (!this.#happens(times)) return this.turns(3);
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push(resolve);
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  }

  #happens(times: number): boolean {
    return this.random(100) < times;
  }

  client(alone = false): Promise<Client<TestModel>> {
    return this.world.client({
      platform: alone
        ? { online: () => false, leads: false }
        : { ...this.origin, fetch: (url, init) => this.#during(() => this.#fetch(url, init)) },
      store: alone ? this.world.disk : this.#open,
      keepOutcomesMs: 1e12,
      optimistic: {
        confirm: (replica, { deliveryId }) => replica.update('deliveries', deliveryId, { status: 'confirmed' }),
        note: (replica, { text }, { key }) => {
          const of = text.split(' ')[0] ?? '';
          const row = replica.get('deliveries', of);
          replica.put('notes', { id: key, text: `${text}: ${row?.status} ${row?.amountPaise}` });
        },
      },
    });
  }

  async #during<T>(body: () => Promise<T>): Promise<T> {
    this.under += 1;
    try {
      return await body();
    } finally {
      this.under -= 1;
    }
  }

  readonly #open = async (name: string): Promise<Store> => {
    const store = await this.world.disk(name);
    return wrapStore(store, (tables, mode, body) =>
      this.#during(async () => {
        const fate = this.#happens(this.losses) ? this.random(mode === 'read' ? 2 : 4) : undefined;
        const lost = () => new DOMException('Connection to Indexed Database server lost', 'UnknownError');
        if (fate === 0) throw lost();
        if (!this.inOrder) await this.turns(3);
        const result = await store.transaction(tables, mode, async (tx) => {
          const given = await body(tx);
          if (mode !== 'read') await this.#wait(this.waits);
          if (fate === 2) throw lost();
          if (fate === 3) throw new StoreFullError(new Error('QuotaExceeded'));
          return given;
        });
        if (mode === 'read' && !this.inOrder) await this.#wait(this.waits);
        if (fate === 1) throw lost();
        return result;
      }),
    );
  };

  readonly #fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const isLost = this.#happens(this.losses);
    if (isLost && this.random(2) === 0) throw new TypeError('fetch failed');
    const answer = await this.world.server.fetch(url, init);
    await this.#wait(this.waits, init.signal);
    if (isLost) throw new TypeError('fetch failed');
    return answer;
  };

  /** Lets everything end that was begun; nothing new comes over the line. */
  async quiet(): Promise<void> {
    [this.losses, this.waits] = [0, 0];
    this.world.isOnline = false;
    this.world.tell('visible');
    do {
      while (this.#waiting.length > 0) this.letOne();
      await idle();
    } while (this.under + this.#waiting.length > 0);
    this.world.tell('visible');
    await idle();
  }
}

/** The last four have found something. */
test.for([1, 2, 22, 67, 68, 121].map((seed) => ({ seed })))(
  'whatever is slow or lost, seed $seed: at every quiet moment the screen has what the disk has, and the overlay',
  { timeout: 60_000 },
  async ({ seed }) => {
    const phone = new Phone(seed);
    const { world } = phone;
    // Once the whole collection is in memory, the disk is not asked for single rows.
    const asked = questions.slice(phone.random(2));
    const tabs: {
      client: Client<TestModel>;
      /** By the question, as JSON; null: all notes. */ screen: Map<string, unknown>;
    }[] = [];
    const open = async () => {
      const tab = { client: await phone.client(), screen: new Map<string, unknown>() };
      tabs.push(tab);
      return tab;
    };
    const watch = ({ client, screen }: (typeof tabs)[number]) => {
      const query = asked[phone.random(asked.length)] ?? {};
      const name = JSON.stringify(query);
      if (phone.random(3) === 0) client.watch('notes', {}, (rows) => screen.set('null', rows));
      else if (!screen.has(name)) client.watch('deliveries', query, (rows) => screen.set(name, rows));
    };
    const compare = async (step: number) => {
      await phone.quiet();
      // A tab that is opened now has nothing but the disk.
      const fresh = await phone.client(true);
      for (const [at, { client, screen }] of tabs.entries()) {
        const here = (rows: unknown) => ({ step, tab: at, rows });
        for (const [name, rows] of screen) {
          const query = JSON.parse(name) as Query<Delivery> | null;
          expect(here(rows)).toEqual(here(await (query ? fresh.read('deliveries', query) : fresh.read('notes'))));
        }
        for (const query of asked) {
          expect(here(await client.read('deliveries', query))).toEqual(here(await fresh.read('deliveries', query)));
        }
        expect(here(await client.read('notes'))).toEqual(here(await fresh.read('notes')));
      }
      await fresh.close();
      world.isOnline = true;
    };
    await open();
    for (let more = phone.random(3); more > 0; more -= 1) await open();
    for (let step = 0; step < 60; step += 1) {
      phone.losses = [0, 0, 10, 40][phone.random(4)] ?? 0;
      phone.waits = [0, 20, 60, 90][phone.random(4)] ?? 0;
      const tab = tabs[phone.random(tabs.length)] ?? (await open());
      const { client } = tab;
      const deed = phone.random(14);
      const id = `d${phone.random(60)}`;
      if (deed < 2) client.mutate('note', { text: `${id} ${step}` }).catch(() => {});
      else if (deed === 2) client.mutate('confirm', { deliveryId: id, amountPaise: 1 }).catch(() => {});
      else if (deed < 5) for (let rows = phone.random(40); rows >= 0; rows -= 1) phone.writeRow(`d${phone.random(60)}`);
      else if (deed === 5) void world.clock.pass(phone.random(70_000));
      else if (deed === 6) client.sync().catch(() => {});
      else if (deed === 7) world.tell('visible');
      else if (deed < 10) watch(tab);
      else if (deed < 12) for (let lets = phone.random(6); lets >= 0; lets -= 1) phone.letOne();
      else if (deed === 12 && phone.random(3) === 0) world.server.reset.add('village:v1');
      else await compare(step);
      await phone.turns(4);
    }
    await compare(60);
    for (const { client } of tabs) await client.close();
  },
);

/** These have found something. */
test.for([29, 51, 56, 75, 2128].map((seed) => ({ seed })))(
  'whatever is slow, seed $seed: no row on the screen goes back to an older version',
  { timeout: 60_000 },
  async ({ seed }) => {
    const phone = new Phone(seed);
    // A read that comes late would be older than what was written since.
    phone.inOrder = true;
    phone.world.server.pageSize = 4 + phone.random(8);
    phone.stays = 30;
    const { world, origin } = phone;
    const clients = [await phone.client()];
    // Without locks one tab's pull overtakes the other's, whose rows are taken back.
    if ('lock' in origin) for (let more = phone.random(3); more > 0; more -= 1) clients.push(await phone.client());
    const back: unknown[] = [];
    const watch = (client: Client<TestModel>) => {
      const query = questions[phone.random(questions.length)] ?? {};
      const newest = new Map<string, number>();
      client.watch('deliveries', query, (rows) => {
        for (const { id, written = 0 } of rows as readonly Delivery[]) {
          const before = newest.get(id) ?? 0;
          if (written < before) back.push({ query, id, before, written });
          newest.set(id, written);
        }
      });
    };
    for (let step = 0; step < 120; step += 1) {
      phone.waits = [20, 40, 60][phone.random(3)] ?? 0;
      const client = clients[phone.random(clients.length)] as Client<TestModel>;
      const deed = phone.random(12);
      if (deed === 0) client.mutate('note', { text: `d${phone.random(60)} ${step}` }).catch(() => {});
      else if (deed < 5) for (let rows = phone.random(40); rows >= 0; rows -= 1) phone.writeRow(`d${phone.random(60)}`);
      else if (deed === 5) void world.clock.pass(phone.random(70_000));
      else if (deed === 6) client.sync().catch(() => {});
      else if (deed < 9) watch(client);
      else for (let lets = phone.random(6); lets >= 0; lets -= 1) phone.letOne();
      await phone.turns(4);
    }
    await phone.quiet();
    expect(back).toEqual([]);
    for (const client of clients) await client.close();
  },
);
