import * as z from 'zod/mini';
import type { Client } from './client.ts';
import { type ClientOptions, storeNameOf } from './client-options.ts';
import { Device } from './device.ts';
import {
  ClosedError,
  CodedError,
  DealtWithError,
  InvalidArgsError,
  StoreBrokenError,
  UnknownKeyError,
} from './errors.ts';
import { newClientId, uuid } from './ids.ts';
import { isEntry, type LogEntry, needsAttention } from './log/entry.ts';
import { cloneJson } from './log/json-args.ts';
import type { MutationFilter, MutationRecord, SavedMutation, SettledRecord } from './log/mutation-record.ts';
import type { Draft } from './log/mutation-log.ts';
import type { Model } from './model/index.ts';
import { type ClientParts, parts } from './parts.ts';
import { defaultPlatform, type Platform } from './platform.ts';
import type { Outcome } from './protocol/index.ts';
import { LiveQueries, type LiveQueryOptions, type LiveSource } from './query/live-options.ts';
import type { DeadLetters, RetryDead } from './refusals.ts';
import type { LiveAnswer } from './replica/live-answer.ts';
import type { OptimisticEffects } from './replica/optimistic.ts';
import type { PlainQuery, PlainRow } from './replica/query.ts';
import { takeUpModel } from './replica/shapes.ts';
import { forgetMarkers } from './safekeeping.ts';
import { readIdentity } from './store/meta.ts';
import type { Store } from './store/store.ts';
import { destroyStore, emptyStore, type SignOutOptions } from './sign-out.ts';
import { startSync, type Sync } from './sync/start-sync.ts';
import { readLog } from './tabs/catch-up.ts';
import { Tabs } from './tabs/tabs.ts';

const weekMs = 7 * 24 * 60 * 60 * 1000;

/**
 * Opens the data of one person on this device, and starts to keep it in step with the server.
 *
 * @example
 * const client = await createClient({
 *   model,
 *   url: 'https://sync.example.org',
 *   actor: { tenant: 'pennco', id: 'a17' },
 *   token: () => session.token(),
 *   store: idbStore(),
 * });
 * @throws StoreBrokenError when what is on the device cannot be read, and whatever the store throws when it cannot be
 * opened: there is no silent fallback.
 */
export async function createClient<M extends Model>(options: ClientOptions<M>): Promise<Client<M>> {
  const platform: Platform = { ...defaultPlatform(), ...options.platform };
  const { model, actor } = options;
  const name = storeNameOf(actor);
  // Without randomness nothing is opened.
  platform.randomBytes(1);
  const store = await options.store(name);
  // Before anything is read: whatever another tab does from then on is heard.
  const tabs = new Tabs(platform, store.sharedAs);
  const start = await readStart(store, platform, model).catch(async (error: unknown) => {
    tabs.close();
    await store.close();
    throw error instanceof CodedError ? error : new StoreBrokenError('The data on this device', error);
  });
  let sync: Sync | undefined;
  let client: RunningClient | undefined;
  let signedOut = false;
  const device = new Device({
    name,
    store,
    platform,
    model,
    // The effects' types follow from M, which is of no use further in: args are parsed by the model before each run.
    effects: (options.optimistic ?? {}) as unknown as OptimisticEffects<Model>,
    tabs,
    start,
    mutationMade: () => sync?.mutationMade(),
    signedOut: () => {
      signedOut = true;
      queueMicrotask(() => client?.signedOut());
    },
  });
  const loss = await device.safekeeping.look(start.identity);
  if (loss) options.onStoreLost?.(loss);
  const indexed = device.indexRows().catch((error: unknown) => device.board.failed('not_saved', error));
  device.settleJournalSoon();
  sync = startSync({
    device,
    platform,
    url: options.url,
    model: model.version,
    token: options.token,
    keepOutcomesMs: options.keepOutcomesMs ?? weekMs,
  });
  // One class serves every model; the compiler's knowledge of this one is put on top here.
  client = new RunningClient({ actor, model, platform, device, sync }, indexed);
  // That was heard before there was a client.
  if (signedOut) client.signedOut();
  return client as unknown as Client<M>;
}

async function readStart(store: Store, platform: Platform, model: Model) {
  const first = await store.transaction(['meta'], 'durable', async (tx) => {
    const identity = await readIdentity(tx, model.version, () => newClientId(platform));
    return { identity, shapes: await takeUpModel(tx, model) };
  });
  const { identity = first.identity, ...rest } = await readLog(store);
  if (!rest.entries.every(isEntry)) throw new StoreBrokenError('The mutation log on this device');
  return { ...rest, identity, shapes: first.shapes };
}

/** What a client offers for refusals of either kind, of whatever name. */
interface AnyRefusals extends LiveSource<MutationRecord[]>, Pick<DeadLetters<Model>, 'dismiss' | 'retry'> {
  query(): LiveQueryOptions<MutationRecord[]>;
  resend(record: { readonly key: string }, args: unknown, options?: RetryDead): Promise<SavedMutation>;
}

/** A client of whatever model. */
class RunningClient implements Record<keyof Client<Model>, unknown> {
  readonly actor: ClientOptions<Model>['actor'];
  readonly status: Client<Model>['status'];
  readonly rejections: AnyRefusals;
  readonly deadLetters: AnyRefusals;
  readonly [parts]: ClientParts;
  readonly #model: Model;
  readonly #platform: Platform;
  readonly #device: Device;
  readonly #sync: Sync;
  readonly #indexed: Promise<void>;
  readonly #queries = new LiveQueries();
  /** In the keys of this client's queries, so that no other client's data is ever taken for its own. */
  readonly #instance: string;
  #closed: Promise<void> | undefined;

  /** @param indexed resolves when nothing is written in the background any more. */
  constructor(made: ClientParts, indexed: Promise<void>) {
    const { actor, model, platform, device, sync } = made;
    this[parts] = made;
    this.actor = actor;
    this.status = { get: device.board.get, subscribe: device.board.subscribe };
    this.#model = model;
    this.#platform = platform;
    this.#device = device;
    this.#sync = sync;
    this.#indexed = indexed;
    this.#instance = uuid(platform);
    this.rejections = this.#refusals('rejected');
    this.deadLetters = this.#refusals('dead');
  }

  get clientId(): string {
    return this.#device.log.identity.clientId;
  }

  async mutate(name: string, args: unknown) {
    this.#assertOpen();
    return this.#saved(this.#device.log.append(this.#draft(name, this.#checked(name, args))));
  }

  async outcome(key: string): Promise<MutationRecord> {
    this.#assertOpen();
    const { log, records } = this.#device;
    // Another tab may have made it a moment ago.
    if (!log.find(key)) await this.#device.readAgain();
    if (!log.find(key)) throw new UnknownKeyError(key);
    return records.of(await log.outcome(key));
  }

  read(collection: string, query: PlainQuery = {}): Promise<readonly PlainRow[]> {
    return this.#rowsOf(collection, query).read();
  }

  watch(collection: string, query: PlainQuery, listener: (rows: readonly PlainRow[]) => void): () => void {
    return this.#rowsOf(collection, query).watch(listener);
  }

  query(collection: string, query: PlainQuery = {}) {
    return this.#queries.options(this.#queryKey('rows', collection, query), this.#rowsOf(collection, query));
  }

  get count() {
    return {
      read: (collection: string, query: PlainQuery = {}) => this.#countOf(collection, query).read(),
      watch: (collection: string, query: PlainQuery, listener: (count: number) => void) =>
        this.#countOf(collection, query).watch(listener),
      query: (collection: string, query: PlainQuery = {}) =>
        this.#queries.options(this.#queryKey('count', collection, query), this.#countOf(collection, query)),
    };
  }

  readMutations(filter: MutationFilter = {}) {
    return this.#recordsOf(fitting(filter)).read();
  }

  watchMutations(filter: MutationFilter, listener: (records: MutationRecord[]) => void): () => void {
    return this.#recordsOf(fitting(filter)).watch(listener);
  }

  mutations(filter: MutationFilter = {}) {
    return this.#queries.options(this.#queryKey('mutations', filter), this.#recordsOf(fitting(filter)));
  }

  acknowledgeLoss(): Promise<void> {
    return this.#device.safekeeping.acknowledge();
  }

  async sync(): Promise<void> {
    await this.#sync.now();
  }

  async signOut(options: SignOutOptions = {}): Promise<void> {
    this.#assertOpen();
    const { store, safekeeping, tabs } = this.#device;
    await safekeeping.leave();
    await emptyStore(store, options).catch((error: unknown) => {
      safekeeping.stay();
      throw error;
    });
    tabs.signedOut();
    this.#closed ??= this.#end(async () => {
      await destroyStore(store, this.#platform);
      await forgetMarkers(this.#platform, storeNameOf(this.actor));
    });
    this.signedOut();
    await this.#closed;
  }

  /** Another tab has done so, or this one does. */
  signedOut(): void {
    this.#device.board.set({ signedOut: true });
    this.close().catch(() => {});
  }

  close(): Promise<void> {
    this.#closed ??= this.#end((store) => store.close());
    return this.#closed;
  }

  async #end(leave: (store: Store) => Promise<void>): Promise<void> {
    this.#queries.close();
    await this.#sync.close();
    await this.#device.log.close();
    this.#device.close();
    await this.#indexed;
    await leave(this.#device.store);
  }

  #draft(name: string, args: unknown, model = this.#model.version): Draft {
    return { key: uuid(this.#platform), name, args, at: new Date(this.#platform.now()).toISOString(), model };
  }

  async #saved(saving: Promise<LogEntry>): Promise<SavedMutation> {
    const { log, replica, records } = this.#device;
    const { id, key } = await saving;
    await replica.settled();
    const confirmed = log.outcome(key).then((entry) => records.of(entry) as SettledRecord);
    // Who does not ask for the outcome need not hear that the client was closed before it came.
    confirmed.catch(() => {});
    return { id, key, confirmed };
  }

  #refusals(status: Outcome['status']): AnyRefusals {
    const { log } = this.#device;
    const source = this.#recordsOf((entry) => needsAttention(entry) && entry.receipt?.status === status);
    const replace = async (key: string, draftOf: (old: LogEntry) => Draft, options: RetryDead = {}) => {
      this.#assertOpen();
      const old = log.find(key);
      if (!old) throw new DealtWithError(key, undefined);
      return this.#saved(log.replace(old, draftOf(old), options.mayRunTwice ?? false));
    };
    return {
      ...source,
      query: () => this.#queries.options(this.#queryKey(status), source),
      dismiss: async (key) => {
        this.#assertOpen();
        await log.dismiss(key);
      },
      // As the app said it then: args of an older model are brought up to date by the server.
      retry: (key, options) => replace(key, ({ name, args, model }) => this.#draft(name, args, model), options),
      resend: ({ key }, args, options) =>
        replace(key, ({ name }) => this.#draft(name, this.#checked(name, args)), options),
    };
  }

  /** The arguments as they will cross the wire, if the model accepts them. */
  #checked(name: string, args: unknown): unknown {
    const declared = Object.hasOwn(this.#model.mutations, name) ? this.#model.mutations[name] : undefined;
    if (!declared) throw new InvalidArgsError(name, [{ path: [], message: 'the model has no such mutation' }]);
    const cloned = cloneJson(args);
    if ('issues' in cloned) throw new InvalidArgsError(name, cloned.issues);
    const { error } = z.safeParse(declared.args, cloned.json);
    if (error) throw new InvalidArgsError(name, error.issues);
    return cloned.json;
  }

  #rowsOf(collection: string, query: PlainQuery): LiveSource<readonly PlainRow[]> {
    return this.#answers(collection, query, ({ rows }) => rows);
  }

  #countOf(collection: string, { limit: _limit, ...query }: PlainQuery): LiveSource<number> {
    return this.#answers(collection, query, ({ size }) => size);
  }

  /** Tells of each answer what `look` sees in it, when that is something else than before. */
  #answers<Data>(collection: string, query: PlainQuery, look: (answer: LiveAnswer) => Data): LiveSource<Data> {
    if (!Object.hasOwn(this.#model.collections, collection)) {
      throw new TypeError(`The model has no collection ${collection}`);
    }
    const { replica } = this.#device;
    return this.#whileOpen({
      read: async () => look(await replica.read(collection, query)),
      watch: (listener) => {
        let last: Data | undefined;
        return replica.watch(collection, query, (answer) => {
          const next = look(answer);
          if (next === last) return;
          last = next;
          listener(next);
        });
      },
    });
  }

  #recordsOf(wanted: (entry: LogEntry) => boolean): LiveSource<MutationRecord[]> {
    const { records } = this.#device;
    return this.#whileOpen({
      read: async () => records.read(wanted),
      watch: (listener) => records.watch(wanted, listener),
    });
  }

  #whileOpen<Data>(source: LiveSource<Data>): LiveSource<Data> {
    return {
      read: async () => {
        this.#assertOpen();
        return source.read();
      },
      watch: (listener) => {
        this.#assertOpen();
        return source.watch(listener);
      },
    };
  }

  #queryKey(...question: unknown[]): readonly unknown[] {
    return ['ekbaar', this.actor.tenant, this.actor.id, this.#instance, ...question];
  }

  #assertOpen(): void {
    if (this.#closed) throw new ClosedError();
  }
}

function fitting({ name }: MutationFilter): (entry: LogEntry) => boolean {
  return (entry) => name === undefined || entry.name === name;
}
