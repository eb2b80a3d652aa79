import type { Client } from '../../sdk/src/client.ts';
import type { ClientOptions } from '../../sdk/src/client-options.ts';
import { createClient } from '../../sdk/src/create-client.ts';
import type { Platform, PlatformEvent } from '../../sdk/src/platform.ts';
import { encryptedStore } from '../../sdk/src/store/encrypted/index.ts';
import type { StoreFactory } from '../../sdk/src/store/store.ts';
import { FakeClock } from '../../sdk/src/testing/fake-clock.ts';
import { fakeOrigin } from '../../sdk/src/testing/fake-origin.ts';
import { FakeServer } from '../../sdk/src/testing/fake-server.ts';
import type { TestModel } from '../../sdk/src/testing/model.ts';
import { AppProcess, Dead } from './app-process.ts';
import type { CrashDisk, Death } from './crash-disk.ts';
import { type Decide, Watch } from './crash-point.ts';
import { models } from './models.ts';
import { Operations } from './operations.ts';
import { type Deed, Promises } from './promises.ts';
import type { Uses } from './uses.ts';

export type CrashClient = Client<TestModel>;
type Options = Partial<Omit<ClientOptions<TestModel>, 'platform' | 'store'>>;

/** What a planted bug puts between the client and the store that its process dies with. */
export type Plant = (factory: StoreFactory) => StoreFactory;

type Kept = 'clients' | 'receipts' | 'scopes' | 'reset' | 'dropped' | 'pageSize' | 'model' | 'tag';

/** What outlives a phone's death, besides its disk; its maps and sets are the world's own. */
export interface Keepsake {
  readonly now: number;
  readonly server: Pick<FakeServer, Kept>;
  readonly promises: Pick<Promises, 'deeds' | 'moment'>;
  readonly operations: Pick<Operations, 'order'>;
  readonly markers: readonly (readonly [string, string])[];
  readonly modelVersion: 1 | 2;
  readonly keyNumber: number | undefined;
  readonly random: number;
  readonly notes: number;
}

/** Enough turns for everything that takes no time: a request, its answer, and what the client makes of it. */
const enoughTurns = 12;

/** A phone and its server, on which a workload runs once. */
export class CrashWorld {
  readonly clock = new FakeClock(() => this.#idle());
  readonly server = new FakeServer(['agent:a1', 'actor:a1']);
  readonly promises = new Promises();
  readonly operations = new Operations(this.server);
  readonly disk: CrashDisk;
  /** The clients that are there. */
  tabs: { readonly client: CrashClient; readonly process: AppProcess }[] = [];
  isOnline = true;
  /** Of the app that is installed. */
  modelVersion: 1 | 2 = 1;
  /** Which of the app's keys encrypts the store, from 1. Undefined: none does. */
  keyNumber: number | undefined;
  readonly #uses: Uses;
  readonly #plant: Plant;
  readonly #markers = new Map<string, string>();
  readonly #listeners = new Set<(event: PlatformEvent) => void>();
  #origin = fakeOrigin();
  #processes: AppProcess[] = [];
  #watch = new Watch(() => undefined);
  #random = 1;
  #notes = 0;

  constructor(disk: CrashDisk, uses: Uses, plant: Plant = (factory) => factory) {
    this.disk = disk;
    this.#uses = uses;
    this.#plant = plant;
    this.server.now = this.clock.now;
    disk.watch?.((place) => this.#meet(place));
  }

  /** Runs `work` until its end, or until something dies as `decide` says. @returns how. */
  async watching(decide: Decide, work: (world: CrashWorld) => Promise<void>): Promise<Death | undefined> {
    const watch = new Watch(decide);
    this.#watch = watch;
    try {
      return await watch.during(() => work(this.#until(watch)));
    } finally {
      this.#watch = new Watch(() => undefined);
    }
  }

  /** This world, until something dies: then who uses it does nothing any more, also where other tabs go on. */
  #until(watch: Watch): CrashWorld {
    const assertAlive = () => {
      if (watch.death) throw new Dead();
    };
    return new Proxy<CrashWorld>(this, {
      get: (world, name) => {
        assertAlive();
        const value: unknown = Reflect.get(world, name, world);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const result: unknown = Reflect.apply(value, world, args);
          return result instanceof Promise ? result.finally(assertAlive) : result;
        };
      },
      set: (world, name, value) => {
        assertAlive();
        return Reflect.set(world, name, value, world);
      },
    });
  }

  /** Closes what is open, and takes the disk away. */
  async end(): Promise<void> {
    for (const client of this.alive) await client.close().catch(() => {});
    await this.disk.throwAway();
  }

  /** A client in a process of its own: a tab, or the app started again. */
  async client(options: Options = {}): Promise<CrashClient> {
    const process = new AppProcess((place) => this.#meet(place, process));
    this.#processes.push(process);
    const client = await createClient<TestModel>({
      model: models[this.modelVersion],
      url: 'http://server',
      actor: { tenant: 'pennco', id: 'a1' },
      token: () => this.server.validToken,
      optimistic: {
        confirm: (replica, { deliveryId }) => replica.update('deliveries', deliveryId, { status: 'confirmed' }),
        note: (replica, { text }) => replica.put('notes', { id: text, text }),
      },
      ...options,
      store: await this.#stores(process),
      platform: process.platform(this.#around()),
    });
    const noted = this.#uses.of(client);
    this.tabs.push({ client: noted, process });
    return noted;
  }

  /** Somebody writes something. */
  async note(client: CrashClient): Promise<Deed> {
    const deed = this.promises.ask(`note ${(this.#notes += 1)}`);
    const { key, confirmed } = await client.mutate('note', { text: deed.label });
    this.#told(deed, key, confirmed);
    return deed;
  }

  async confirm(client: CrashClient, deliveryId: string): Promise<Deed> {
    const deed = this.promises.ask(`confirm ${deliveryId} ${(this.#notes += 1)}`);
    const { key, confirmed } = await client.mutate('confirm', { deliveryId, amountPaise: 100 });
    this.#told(deed, key, confirmed);
    return deed;
  }

  /** A refusal done again, in one of two ways. */
  async again(deed: Deed, saving: Promise<{ key: string; confirmed: Promise<{ state: string }> }>): Promise<Deed> {
    deed.dismissed = 'asked';
    const next = this.promises.ask(`${deed.label} again`, deed.effect);
    const { key, confirmed } = await saving;
    deed.dismissed = 'done';
    this.#told(next, key, confirmed);
    return next;
  }

  async dismiss(client: CrashClient, deed: Deed): Promise<void> {
    deed.dismissed = 'asked';
    await client.rejections.dismiss(deed.key ?? '');
    deed.dismissed = 'done';
  }

  /** Lets time pass. */
  pass(ms: number): Promise<void> {
    return this.clock.pass(ms);
  }

  /** Another phone has no markers. */
  forgetMarkers(): void {
    this.#markers.clear();
  }

  /** Everything but the disk, as it is when the whole phone dies. */
  keepsake(): Keepsake {
    const { clients, receipts, scopes, reset, dropped, pageSize, model, tag } = this.server;
    return {
      now: this.clock.now(),
      server: { clients, receipts, scopes, reset, dropped, pageSize, model, tag },
      promises: { deeds: this.promises.deeds, moment: this.promises.moment },
      operations: { order: this.operations.order },
      markers: [...this.#markers],
      modelVersion: this.modelVersion,
      keyNumber: this.keyNumber,
      random: this.#random,
      notes: this.#notes,
    };
  }

  /** Goes on, in a new process, where another one has died. */
  async goOn(keepsake: Keepsake): Promise<void> {
    await this.clock.pass(keepsake.now - this.clock.now());
    Object.assign(this.server, keepsake.server);
    Object.assign(this.promises, keepsake.promises);
    Object.assign(this.operations, keepsake.operations);
    for (const [name, value] of keepsake.markers) this.#markers.set(name, value);
    this.modelVersion = keepsake.modelVersion;
    this.keyNumber = keepsake.keyNumber;
    this.#random = keepsake.random;
    this.#notes = keepsake.notes;
  }

  tell(event: PlatformEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  get alive(): CrashClient[] {
    const clients = this.tabs.filter(({ process }) => !process.isDead).map(({ client }) => client);
    // Who was signed out by another tab is closed.
    return clients.filter(({ status }) => !status.get().signedOut);
  }

  /** There is a line again; resolves when every tab is quiet. */
  async quiet(): Promise<void> {
    this.isOnline = true;
    await this.clock.until(
      () =>
        this.alive.every((client) => {
          const { syncing, pending, lastSyncedAt, lastError, progress } = client.status.get();
          return !syncing && pending === 0 && lastSyncedAt !== null && lastError === null && progress === null;
        }),
      'a quiet phone',
    );
  }

  async close(client: CrashClient): Promise<void> {
    await client.close();
    this.gone(client);
  }

  /** It was closed, by whomever. */
  gone(client: CrashClient): void {
    this.tabs = this.tabs.filter((tab) => tab.client !== client);
  }

  #told(deed: Deed, key: string, confirmed: Promise<{ state: string }>): void {
    this.promises.saved(deed, key);
    confirmed.then(
      ({ state }) => (deed.shown = state),
      // The client was closed before.
      () => {},
    );
  }

  async #stores(process: AppProcess): Promise<StoreFactory> {
    const stores = this.#plant(process.store(this.disk.open));
    if (this.keyNumber === undefined) return stores;
    const key = await keyOf(this.keyNumber);
    const formerKeys = [await keyOf(this.keyNumber - 1)];
    // Encrypting takes a moment too.
    return process.waits(encryptedStore(stores, { key, formerKeys }));
  }

  /** @param process the one that asks; undefined: the machine below it, which only dies as a whole */
  #meet(place: string, process?: AppProcess): boolean {
    const { deaths } = this.disk;
    const watch = this.#watch;
    const death = watch.meet(place, process ? deaths : deaths.filter((one) => one !== 'tab'));
    if (!death) return false;
    this.disk.die(death);
    const dying = death === 'tab' && process ? [process] : this.#processes.splice(0);
    for (const one of dying) one.die();
    this.tabs = this.tabs.filter((tab) => !tab.process.isDead);
    if (death !== 'tab') this.#origin = fakeOrigin();
    watch.end(death);
    return true;
  }

  /** Lets everything happen that takes no time of the clock: a disk may take some of its own. */
  async #idle(): Promise<void> {
    for (let turns = 0; turns < enoughTurns; turns += 1) {
      await this.disk.turn();
      if (this.#processes.some(({ isAsking }) => isAsking)) turns = -1;
    }
  }

  #around(): Platform {
    return {
      now: this.clock.now,
      setTimeout: this.clock.setTimeout,
      clearTimeout: this.clock.clearTimeout,
      randomBytes: (length) => Uint8Array.from({ length }, () => this.#byte()),
      fetch: this.server.fetch,
      streams: true,
      leads: true,
      online: () => this.isOnline,
      onEvent: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      pokes: false,
      gzip: undefined,
      marker: {
        get: (name) => this.#markers.get(name) ?? null,
        set: (name, value) => void (value === null ? this.#markers.delete(name) : this.#markers.set(name, value)),
      },
      persist: undefined,
      ...this.#origin,
    };
  }

  /** Numerical Recipes' generator: the same run gives the same numbers. */
  #byte(): number {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return this.#random >>> 24;
  }
}

function keyOf(number: number): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', new Uint8Array(32).fill(number), 'AES-GCM', false, ['encrypt', 'decrypt']);
}
