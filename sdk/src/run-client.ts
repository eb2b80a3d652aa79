import * as z from 'zod/mini';
import type { Client } from './client.ts';
import { storeNameOf } from './client-options.ts';
import { ClosedError, DealtWithError, InvalidArgsError, UnknownKeyError } from './errors.ts';
import { uuid } from './ids.ts';
import { type LogEntry, needsAttention } from './log/entry.ts';
import { cloneJson } from './log/json-args.ts';
import type { MutationFilter, MutationRecord, SavedMutation, SettledRecord } from './log/mutation-record.ts';
import type { Draft } from './log/numbered.ts';
import type { Model } from './model/index.ts';
import { type ClientParts, parts } from './parts.ts';
import type { Outcome } from './protocol/index.ts';
import { LiveQueries, type LiveQueryOptions, type LiveSource } from './query/live-options.ts';
import type { DeadLetters, RetryDead } from './refusals.ts';
import { checkQuery } from './replica/check-query.ts';
import type { LiveAnswer } from './replica/live-answer.ts';
import type { PlainQuery } from './replica/query.ts';
import { forgetMarkers } from './safekeeping.ts';
import { destroyStore, emptyStore, type SignOutOptions } from './sign-out.ts';

/** What a client offers for refusals of either kind, of whatever name. */
interface AnyRefusals extends LiveSource<MutationRecord[]>, Pick<DeadLetters<Model>, 'dismiss' | 'retry'> {
  query(): LiveQueryOptions<MutationRecord[]>;
  resend(record: { readonly key: string }, args: unknown, options?: RetryDead): Promise<SavedMutation>;
}

/**
 * A client of whatever model.
 *
 * @param indexed resolves when nothing is written in the background any more.
 */
export function runClient(made: ClientParts, indexed: Promise<void>) {
  const { actor, model, platform, device, sync } = made;
  const { board, log, records, replica, safekeeping, store, tabs } = device;
  const queries = new LiveQueries();
  /** In the keys of this client's queries, so that no other client's data is ever taken for its own. */
  const instance = uuid(platform);
  let closed: Promise<void> | undefined;

  const assertOpen = () => {
    if (closed) throw new ClosedError();
  };
  const whileOpen = <Data>(source: LiveSource<Data>): LiveSource<Data> => ({
    read: async () => {
      assertOpen();
      return source.read();
    },
    watch: (listener) => {
      assertOpen();
      return source.watch(listener);
    },
  });
  const options = <Data>(source: LiveSource<Data>, ...question: unknown[]) =>
    queries.options(['ekbaar', actor.tenant, actor.id, instance, ...question], source);

  /** Tells of each answer what `look` sees in it, when that is something else than before. */
  const answers = <Data>(collection: string, query: PlainQuery, look: (answer: LiveAnswer) => Data) =>
    whileOpen<Data>({
      read: async () => {
        checkQuery(model, collection, query);
        return look(await replica.read(collection, query));
      },
      watch: (listener) => {
        checkQuery(model, collection, query);
        let last: Data | undefined;
        return replica.watch(collection, query, (answer) => {
          const next = look(answer);
          if (next === last) return;
          last = next;
          listener(next);
        });
      },
    });
  /** The ways to ask for what `look` sees in the answers. */
  const asking = <Data>(what: string, look: (answer: LiveAnswer) => Data, changes: PlainQuery = {}) => {
    const of = (collection: string, query: PlainQuery) => answers(collection, { ...query, ...changes }, look);
    return {
      read: (collection: string, query: PlainQuery = {}) => of(collection, query).read(),
      watch: (collection: string, query: PlainQuery, listener: (data: Data) => void) =>
        of(collection, query).watch(listener),
      query: (collection: string, query: PlainQuery = {}) => options(of(collection, query), what, collection, query),
    };
  };
  const recordsOf = (wanted: (entry: LogEntry) => boolean) =>
    whileOpen<MutationRecord[]>({
      read: async () => records.read(wanted),
      watch: (listener) => records.watch(wanted, listener),
    });

  const draft = (name: string, args: unknown, version = model.version): Draft => {
    return { key: uuid(platform), name, args, at: new Date(platform.now()).toISOString(), model: version };
  };
  /** The arguments as they will cross the wire, if the model accepts them. */
  const checked = (name: string, args: unknown): unknown => {
    const declared = Object.hasOwn(model.mutations, name) ? model.mutations[name] : undefined;
    if (!declared) throw new InvalidArgsError(name, [{ path: [], message: 'the model has no such mutation' }]);
    const cloned = cloneJson(args);
    if ('issues' in cloned) throw new InvalidArgsError(name, cloned.issues);
    const { error } = z.safeParse(declared.args, cloned.json);
    if (error) throw new InvalidArgsError(name, error.issues);
    return cloned.json;
  };
  const saved = async (saving: Promise<LogEntry>): Promise<SavedMutation> => {
    const { id, key } = await saving;
    const confirmed = log.outcome(key).then((entry) => records.of(entry) as SettledRecord);
    // Who does not ask for the outcome need not hear that the client was closed before it came.
    confirmed.catch(() => {});
    await replica.settled();
    return { id, key, confirmed };
  };
  const refusals = (status: Outcome['status']): AnyRefusals => {
    const source = recordsOf((entry) => needsAttention(entry) && entry.receipt?.status === status);
    const replace = async (key: string, draftOf: (old: LogEntry) => Draft, { mayRunTwice = false }: RetryDead = {}) => {
      assertOpen();
      const old = log.find(key);
      if (!old) throw new DealtWithError(key, undefined);
      return saved(log.replace(old, draftOf(old), mayRunTwice));
    };
    return {
      ...source,
      query: () => options(source, status),
      dismiss: async (key) => {
        assertOpen();
        await log.dismiss(key);
      },
      // As the app said it then: args of an older model are brought up to date by the server.
      retry: (key, how) => replace(key, ({ name, args, model: version }) => draft(name, args, version), how),
      resend: ({ key }, args, how) => replace(key, ({ name }) => draft(name, checked(name, args)), how),
    };
  };

  const end = async (leave: () => Promise<void>): Promise<void> => {
    queries.close();
    await sync.close();
    await log.close();
    device.close();
    await indexed;
    await leave();
  };
  const close = () => (closed ??= end(() => store.close()));
  /** Another tab has done so, or this one does. */
  const signedOut = () => {
    board.set({ signedOut: true });
    close().catch(() => {});
  };
  const signOut = async (how: SignOutOptions = {}): Promise<void> => {
    assertOpen();
    await safekeeping.leave();
    await emptyStore(store, how).catch((error: unknown) => {
      safekeeping.stay();
      throw error;
    });
    await safekeeping.left(log.own);
    tabs.signedOut();
    closed ??= end(async () => {
      await destroyStore(store, platform);
      await forgetMarkers(platform, storeNameOf(actor));
    });
    signedOut();
    await closed;
  };

  const client = {
    [parts]: made,
    actor,
    get clientId() {
      return log.identity.clientId;
    },
    status: { get: board.get, subscribe: board.subscribe },
    ...asking('rows', ({ rows }) => rows),
    // A window would know of no more rows than its limit.
    count: asking('count', ({ size }) => size, { limit: undefined }),
    mutate: async (name: string, args: unknown) => {
      assertOpen();
      return saved(log.append(draft(name, checked(name, args))));
    },
    outcome: async (key: string): Promise<MutationRecord> => {
      assertOpen();
      // Another tab may have made it a moment ago.
      if (!log.find(key)) await device.readAgain();
      if (!log.find(key)) throw new UnknownKeyError(key);
      return records.of(await log.outcome(key));
    },
    readMutations: (filter: MutationFilter = {}) => recordsOf(fitting(filter)).read(),
    watchMutations: (filter: MutationFilter, listener: (records: MutationRecord[]) => void) =>
      recordsOf(fitting(filter)).watch(listener),
    mutations: (filter: MutationFilter = {}) => options(recordsOf(fitting(filter)), 'mutations', filter),
    rejections: refusals('rejected'),
    deadLetters: refusals('dead'),
    acknowledgeLoss: () => safekeeping.acknowledge(),
    sync: () => sync.now(),
    signOut,
    close,
  } satisfies Record<keyof Client<Model>, unknown> & { [parts]: ClientParts };
  return { client, signedOut };
}

function fitting({ name }: MutationFilter): (entry: LogEntry) => boolean {
  return (entry) => name === undefined || entry.name === name;
}
