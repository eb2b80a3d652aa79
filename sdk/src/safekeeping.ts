import type { Platform } from './platform.ts';
import type { StatusBoard } from './status.ts';
import type { Identity, Own } from './store/meta.ts';
import type { Store } from './store/store.ts';

/** What was on this device and is no longer: the browser, or somebody, has cleared it. */
export interface StoreLoss {
  /** The install's name to the server, for support to look it up. */
  readonly clientId: string;
  /** When it was last known to be there (ISO 8601). */
  readonly at: string;
  /** How many mutations had no outcome then: those that were not sent yet are lost. */
  readonly unsent: number;
}

/** A loss, and the store that it was of. */
interface Trace extends StoreLoss {
  readonly store: string;
}

/** Under which the stores are noted that people were signed out of, the last ones: random names, of nobody. */
const leftName = 'ekbaar left';
const mostLeft = 20;

/**
 * Guards the store against the browser's housekeeping: remembers outside of it that it was there (a canary), asks that it
 * is kept, and holds back room on the disk for the log.
 */
export class Safekeeping {
  readonly #platform: Pick<Platform, 'now' | 'marker' | 'persist'>;
  readonly #name: string;
  readonly #store: Store;
  readonly #board: StatusBoard;
  /** How the log stands; written down once it was compared with what was written before. */
  #log: { readonly identity: Identity; readonly unsent: number } | undefined;
  #looked = false;
  #known = '';
  #asked = false;

  /** @param name the store's, which the markers are called by */
  constructor(platform: Pick<Platform, 'now' | 'marker' | 'persist'>, name: string, store: Store, board: StatusBoard) {
    this.#platform = platform;
    this.#name = name;
    this.#store = store;
    this.#board = board;
  }

  /**
   * Compares the store with what is remembered of it. A loss stays in the status until {@link acknowledge}, over restarts.
   *
   * @returns the loss that nobody has acknowledged
   */
  async look(identity: Identity): Promise<StoreLoss | null> {
    void this.#store.reserve?.hold();
    const seen = await this.#read(here(this.#name));
    const earlier = await this.#read(lost(this.#name));
    if (!seen || seen.store === identity.store) {
      if (seen) this.#known = knownOf(seen);
      return this.#show(earlier);
    }
    // Lost twice before anybody has heard of it: both count. The same loss, found again after a crash, counts once.
    const unsent = seen.unsent + (earlier && earlier.store !== seen.store ? earlier.unsent : 0);
    const trace = earlier?.store === seen.store ? earlier : { ...seen, unsent };
    await this.#write(lost(this.#name), trace);
    await this.#write(here(this.#name), this.#trace(identity, 0));
    this.#known = knownOf({ ...identity, unsent: 0 });
    return this.#show(trace);
  }

  /** Somebody has heard of the loss. */
  async acknowledge(): Promise<void> {
    await this.#write(lost(this.#name), null);
    this.#show(null);
  }

  /** Called whenever the log has changed: costs nothing unless the number has. */
  note(identity: Identity, unsent: number): void {
    this.#log = { identity, unsent };
    if (unsent > 0 && !this.#asked) this.#ask();
    const known = knownOf({ ...identity, unsent });
    // Where nothing was ever saved there is nothing to lose.
    if (!this.#looked || known === this.#known || (unsent === 0 && this.#known === '')) return;
    this.#known = known;
    void this.#write(here(this.#name), this.#trace(identity, unsent));
  }

  /** The store is about to be emptied on purpose: its absence is no loss. */
  async leave(): Promise<void> {
    this.#looked = false;
    await this.#write(here(this.#name), null);
  }

  /** It was emptied: a tab that sleeps and has everything in memory must not fill it again, also when it is deleted. */
  async left({ store }: Own): Promise<void> {
    const all = [store, ...((await this.#read<string[]>(leftName)) ?? [])];
    await this.#write(leftName, all.slice(0, mostLeft));
  }

  /** Whether a tab has said so. */
  async hasLeft({ store = '' }: Own): Promise<boolean> {
    return (await this.#read<string[]>(leftName))?.includes(store) ?? false;
  }

  /** It is not, after all. */
  stay(): void {
    this.#looked = true;
    this.#known = '';
    if (this.#log) this.note(this.#log.identity, this.#log.unsent);
  }

  /** Once there is something to lose: browsers ask the person then, or judge by how much the app is used. */
  #ask(): void {
    this.#asked = true;
    this.#platform.persist?.().then(
      (persistent) => this.#board.set({ persistent }),
      () => this.#board.set({ persistent: false }),
    );
  }

  #show(trace: Trace | null): StoreLoss | null {
    this.#looked = true;
    if (this.#log) this.note(this.#log.identity, this.#log.unsent);
    const loss = trace && { clientId: trace.clientId, at: trace.at, unsent: trace.unsent };
    this.#board.set({ storeLost: loss });
    return loss;
  }

  #trace({ store = '', clientId }: Identity, unsent: number): Trace {
    return { store, clientId, at: new Date(this.#platform.now()).toISOString(), unsent };
  }

  async #read<T = Trace>(name: string): Promise<T | null> {
    try {
      return JSON.parse((await this.#platform.marker?.get(name)) ?? 'null') as T | null;
    } catch {
      return null;
    }
  }

  #write(name: string, value: object | null): Promise<void> {
    return write(this.#platform, name, value);
  }
}

/** The store is deleted, and meant to be. */
export async function forgetMarkers(platform: Pick<Platform, 'marker'>, name: string): Promise<void> {
  await write(platform, here(name), null);
  await write(platform, lost(name), null);
}

/** A marker that cannot be written is no marker: it never stands in the way. */
async function write(platform: Pick<Platform, 'marker'>, name: string, value: object | null): Promise<void> {
  try {
    await platform.marker?.set(name, value && JSON.stringify(value));
  } catch {
    // See above.
  }
}

function here(name: string): string {
  return `ekbaar ${name}`;
}

function lost(name: string): string {
  return `ekbaar ${name} lost`;
}

function knownOf({ clientId, unsent }: { readonly clientId: string; readonly unsent: number }): string {
  return `${clientId} ${unsent}`;
}
