import type { Client } from './client.ts';
import { checkOptions, type ClientOptions, storeNameOf } from './client-options.ts';
import { Device } from './device.ts';
import { CodedError, StoreBrokenError } from './errors.ts';
import { newClientId } from './ids.ts';
import { isEntry } from './log/entry.ts';
import type { Model } from './model/index.ts';
import { defaultPlatform, type Platform } from './platform.ts';
import type { OptimisticEffects } from './replica/optimistic.ts';
import { shapesFor, takeUpModel } from './replica/shapes.ts';
import { runClient } from './run-client.ts';
import { isOf, takeUpIdentity } from './store/meta.ts';
import type { Store } from './store/store.ts';
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
 * @throws TypeError when an option cannot be meant.
 * @throws StoreBrokenError when what is on the device cannot be read, and whatever the store throws when it cannot be
 * opened: there is no silent fallback.
 */
export async function createClient<M extends Model>(options: ClientOptions<M>): Promise<Client<M>> {
  checkOptions(options);
  const platform: Platform = { ...defaultPlatform(), ...options.platform };
  const { model, actor } = options;
  const name = storeNameOf(actor);
  // Without randomness nothing is opened.
  platform.randomBytes(1);
  const store = await options.store(name);
  if (!(store as Partial<Store> | undefined)?.transaction) {
    throw new TypeError('createClient: store gave no store: is it idbStore without ()?');
  }
  // Before anything is read: whatever another tab does from then on is heard.
  const tabs = new Tabs(platform, store.sharedAs);
  const start = await readStart(store, platform, model).catch(async (error: unknown) => {
    tabs.close();
    await store.close();
    throw error instanceof CodedError ? error : new StoreBrokenError('The data on this device', error);
  });
  let sync: Sync | undefined;
  let running: ReturnType<typeof runClient> | undefined;
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
    onError: options.onError,
    mutationMade: () => sync?.mutationMade(),
    signedOut: () => {
      signedOut = true;
      queueMicrotask(() => running?.signedOut());
    },
  });
  const loss = await device.safekeeping.look(start.identity);
  try {
    if (loss) options.onStoreLost?.(loss);
  } catch (error) {
    device.board.failed('listener_failed', error);
  }
  const indexed = device.indexRows().catch((error: unknown) => device.board.failed('not_saved', error));
  device.settleJournalSoon();
  sync = startSync({
    device,
    platform,
    url: options.url.replace(/\/+$/, ''),
    model: model.version,
    token: options.token,
    actor,
    keepOutcomesMs: options.keepOutcomesMs ?? weekMs,
  });
  // One function serves every model; the compiler's knowledge of this one is put on top here.
  running = runClient({ actor, model, platform, device, sync }, indexed);
  // That was heard before there was a client.
  if (signedOut) running.signedOut();
  return running.client as unknown as Client<M>;
}

async function readStart(store: Store, platform: Platform, model: Model) {
  for (;;) {
    const start = await readLog(store);
    const { identity, entries, shapes, scopes } = start;
    if (isOf(identity, model.version) && shapesFor(model, shapes, scopes).same) {
      if (!entries.every(isEntry)) throw new StoreBrokenError('The data on this device');
      return { ...start, identity };
    }
    // Seldom: a transaction that may write would keep every start waiting.
    await store.transaction(['meta'], 'durable', async (tx) => {
      await takeUpIdentity(tx, model.version, () => newClientId(platform));
      await takeUpModel(tx, model);
    });
  }
}
