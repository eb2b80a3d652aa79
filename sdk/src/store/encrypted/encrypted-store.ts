import { ClosedError, StoreBrokenError } from '../../errors.ts';
import type { Mode, Reserve, Store, StoreFactory, Table, Transaction } from '../store.ts';
import { encryptPlain, holdsAnything } from './encrypt-plain.ts';
import { EncryptedTransaction, StaleError } from './encrypted-transaction.ts';
import {
  type KeyRecord,
  keyRecordName,
  type Keyring,
  newKeyRecord,
  openKeyRecord,
  readKeyRecord,
  sealDataKey,
  type Vault,
} from './key-record.ts';

/** How `encryptedStore` encrypts. */
export interface EncryptedStoreOptions {
  /** For AES-GCM, with the usages `encrypt` and `decrypt`; it need not be extractable. The app keeps it. */
  readonly key: CryptoKey;
  /** Keys that a store may still be encrypted with: from now on it is with `key`. */
  readonly formerKeys?: readonly CryptoKey[] | undefined;
  /**
   * What becomes of a store that is not encrypted yet. `encrypt` (default): everything in it is, and nothing is lost.
   * `refuse`: it is not opened; for when no phone has one any more.
   */
  readonly plain?: 'encrypt' | 'refuse' | undefined;
  /** WebCrypto. Default: the global one. */
  readonly crypto?: Crypto | undefined;
}

/**
 * Makes stores that keep their values encrypted (AES-GCM) in the stores that `inner` makes.
 *
 * @example
 * const opened = await createClient({ ...clientOptions, store: encryptedStore(idbStore(), { key }) });
 * @throws WrongKeyError from the store it makes, when no key opens it; StoreBrokenError when it was altered.
 */
export function encryptedStore(inner: StoreFactory, options: EncryptedStoreOptions): StoreFactory {
  const { key, formerKeys = [], plain = 'encrypt', crypto = globalThis.crypto } = options;
  const open = async (name: string): Promise<Store> => {
    if (!crypto?.subtle) throw new TypeError('There is no WebCrypto here: it needs a page with TLS, or options.crypto');
    for (const one of [key, ...formerKeys]) checkKey(one);
    const store = await inner(name);
    if (!(store as Partial<Store> | undefined)?.transaction) {
      throw new TypeError('encryptedStore: inner gave no store: is it idbStore without ()?');
    }
    try {
      const opened = await openStore(store, name, { key, formerKeys, crypto }, plain === 'refuse');
      return new EncryptedStore(store, name, { key, formerKeys, crypto }, opened);
    } catch (error) {
      await store.close();
      throw error;
    }
  };
  return inner.destroy ? Object.assign(open, { destroy: inner.destroy }) : open;
}

/** What is not loaded yet, or was made for something else: WebCrypto would say so of a parameter 2. */
function checkKey(key: Partial<CryptoKey> | undefined): void {
  const { algorithm, usages } = key ?? {};
  if (algorithm?.name === 'AES-GCM' && usages?.includes('encrypt') && usages.includes('decrypt')) return;
  throw new TypeError(
    'encryptedStore: a key must be a CryptoKey for AES-GCM with the usages encrypt and decrypt: is it awaited?',
  );
}

interface Opened {
  readonly record: KeyRecord;
  readonly vault: Vault;
}

async function openStore(store: Store, name: string, keyring: Keyring, refusesPlain: boolean): Promise<Opened> {
  const { record = await begin(store, name, keyring, refusesPlain) } = await look(store);
  const { vault, dataKey, former } = await openKeyRecord(name, record, keyring);
  if (record.plain) await encryptPlain(store, vault);
  if (!record.plain && !former) return { record, vault };
  const renewed = await sealDataKey(name, keyring, dataKey, { ...record, plain: false });
  await store.transaction(['meta'], 'durable', async (tx) => {
    const now = await readKeyRecord(tx);
    // Another tab may have been faster.
    if (now?.key === record.key) await tx.put('meta', keyRecordName, { ...renewed, revision: now.revision });
  });
  return { record: renewed, vault };
}

function look(store: Store): Promise<{ record: KeyRecord | undefined }> {
  return store.transaction(['meta'], 'read', async (tx) => ({ record: await readKeyRecord(tx) }));
}

/** Gives a store its data key. */
async function begin(store: Store, name: string, keyring: Keyring, refusesPlain: boolean): Promise<KeyRecord> {
  const plain = await holdsAnything(store);
  if (plain && refusesPlain) throw new StoreBrokenError(`${name}, which is not encrypted,`);
  const fresh = await newKeyRecord(name, keyring, plain);
  return store.transaction(['meta'], 'durable', async (tx) => {
    const record = await readKeyRecord(tx);
    if (!record) await tx.put('meta', keyRecordName, fresh);
    return record ?? fresh;
  });
}

class EncryptedStore implements Store {
  /** Fields would be readable in them. */
  readonly indexes = false;
  readonly sharedAs: string | undefined;
  readonly deletingFrees: boolean | undefined;
  readonly reserve: Reserve | undefined;
  readonly #store: Store;
  readonly #name: string;
  readonly #keyring: Keyring;
  #opened: Opened;
  #closed: Promise<void> | undefined;
  /** The end of the last transaction: they run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: Store, name: string, keyring: Keyring, opened: Opened) {
    this.sharedAs = store.sharedAs;
    this.deletingFrees = store.deletingFrees;
    this.reserve = store.reserve;
    this.#store = store;
    this.#name = name;
    this.#keyring = keyring;
    this.#opened = opened;
  }

  async transaction<T>(tables: readonly Table[], mode: Mode, body: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.#closed) throw new ClosedError();
    const result = this.#last.then(() => this.#run(tables, mode, body));
    this.#last = result.catch(() => {});
    return result;
  }

  close(): Promise<void> {
    this.#closed ??= this.#last.then(() => this.#store.close());
    return this.#closed;
  }

  async destroy(): Promise<void> {
    if (this.#closed) throw new ClosedError();
    this.#closed = this.#last.then(() => this.#store.destroy());
    await this.#closed;
  }

  async #run<T>(tables: readonly Table[], mode: Mode, body: (tx: Transaction) => Promise<T>): Promise<T> {
    for (;;) {
      const tx = new EncryptedTransaction(this.#store, tables, mode, this.#opened.vault);
      try {
        const result = await body(tx).finally(() => tx.end());
        if (tx.stale) throw new StaleError();
        await tx.commit(this.#opened.record);
        return result;
      } catch (error) {
        // Whatever a body makes of it: what it has read was not so.
        if (!tx.stale && !(error instanceof StaleError)) throw error;
        await this.#openAgain();
      }
    }
  }

  /** Somebody may have destroyed the store, and begun another one with another data key. */
  async #openAgain(): Promise<void> {
    const { record } = await look(this.#store);
    if (!record || record.id === this.#opened.vault.id) return;
    this.#opened = await openStore(this.#store, this.#name, this.#keyring, true);
  }
}
