import { compareKeys, inRange } from '../keys.ts';
import type { Key, Mode, Range, Store, Table, Transaction } from '../store.ts';
import { type KeyRecord, keyRecordName, readKeyRecord, type Vault } from './key-record.ts';
import { checkOrder, checkPlace, isSealed, placeOf, seal, type Sealed, unseal } from './sealed.ts';
import { type Write, WriteBuffer } from './write-buffer.ts';

/** Somebody else has written since the transaction began, or with another data key: it must begin anew. */
export class StaleError extends Error {
  override readonly name = 'StaleError';
}

interface Question {
  readonly reads: ((tx: Transaction) => Promise<unknown>)[];
  readonly answers: Promise<readonly unknown[]>;
}

/**
 * One run of a body. Each read is a transaction of the store below, which must not wait for WebCrypto; all of them must
 * find the same revision. Writes are kept until {@link commit}.
 */
export class EncryptedTransaction implements Transaction {
  readonly #store: Store;
  readonly #tables: readonly Table[];
  readonly #mode: Mode;
  readonly #vault: Vault;
  readonly #writes = new WriteBuffer();
  /** The revision that was read; null: there is none. */
  #read: number | null | undefined;
  #stale = false;
  #over = false;
  /** What was asked in the same turn is read in one transaction. */
  #question: Question | undefined;

  constructor(store: Store, tables: readonly Table[], mode: Mode, vault: Vault) {
    this.#store = store;
    this.#tables = tables;
    this.#mode = mode;
    this.#vault = vault;
  }

  /** What it has read is no longer so. */
  get stale(): boolean {
    return this.#stale;
  }

  async get(table: Table, key: Key): Promise<unknown> {
    this.#check(table);
    const written = this.#writes.get(table, key);
    if (written) return written.json === null ? undefined : JSON.parse(written.json);
    const found = checkPlace(table, key, await this.#ask((tx) => tx.get(table, key)));
    return found && unseal(this.#vault.cipher, table, found);
  }

  async list(table: Table, range: Range = {}, limit = Infinity): Promise<unknown[]> {
    this.#check(table);
    if ('index' in range) throw new TypeError('An encrypted store has no indexes: the fields are not to be seen');
    const written = this.#writes.list(table, range);
    const items = new Map<string, Sealed | Write>();
    if (!this.#writes.cleared.includes(table)) {
      // As many more as may turn out to be deleted, and the key record.
      const wanted = limit === Infinity ? undefined : limit + written.length + 1;
      const found = (await this.#ask((tx) => tx.list(table, range, wanted))) as unknown[];
      const values = table === 'meta' ? found.filter((value) => !isKeyRecord(value)) : found;
      for (const value of checkOrder(table, (key) => inRange(key, range), values)) {
        items.set(placeOf(table, value.key), value);
      }
    }
    for (const write of written) {
      if (write.json === null) items.delete(placeOf(table, write.key));
      else items.set(placeOf(table, write.key), write);
    }
    const inOrder = [...items.values()];
    if (written.length > 0) inOrder.sort((left, right) => compareKeys(left.key, right.key));
    return Promise.all(
      inOrder
        .slice(0, limit)
        .map((item) =>
          'json' in item ? (JSON.parse(item.json ?? '') as unknown) : unseal(this.#vault.cipher, table, item),
        ),
    );
  }

  async put(table: Table, key: Key, value: unknown): Promise<void> {
    this.#checkWrite(table, key);
    this.#writes.put(table, key, value);
  }

  async delete(table: Table, key: Key): Promise<void> {
    this.#checkWrite(table, key);
    this.#writes.delete(table, key);
  }

  async clear(table: Table): Promise<void> {
    this.#checkWrite(table);
    this.#writes.clear(table);
  }

  /** The body is through, or has failed: nothing more is accepted. */
  end(): void {
    this.#over = true;
  }

  /**
   * Writes everything in one transaction of the store below, if nobody else has written since it was read.
   *
   * @param known the key record, in case that somebody has cleared the store.
   * @throws StaleError
   */
  async commit(known: KeyRecord): Promise<void> {
    if (this.#writes.isEmpty) return;
    const { writes, cleared } = this.#writes;
    const values = await Promise.all(
      writes.map(async ({ table, key, json }) => (json === null ? null : seal(this.#vault.cipher, table, key, json))),
    );
    const tables: Table[] = this.#tables.includes('meta') ? [...this.#tables] : [...this.#tables, 'meta'];
    await this.#store.transaction(tables, this.#mode, async (tx) => {
      const record = await readKeyRecord(tx);
      if (record && record.id !== this.#vault.id) throw new StaleError();
      if (this.#read !== undefined && (record?.revision ?? null) !== this.#read) throw new StaleError();
      for (const table of cleared) await tx.clear(table);
      const { revision } = record ?? known;
      await Promise.all([
        ...writes.map(({ table, key }, at) => {
          const value = values[at];
          return value ? tx.put(table, key, value) : tx.delete(table, key);
        }),
        tx.put('meta', keyRecordName, { ...(record ?? known), revision: revision + 1 }),
      ]);
    });
  }

  #check(table: Table): void {
    if (this.#over) throw new TypeError('The transaction is over');
    if (!this.#tables.includes(table)) throw new TypeError(`The transaction was not opened on ${table}`);
  }

  #checkWrite(table: Table, key?: Key): void {
    this.#check(table);
    if (this.#mode === 'read') throw new TypeError('The transaction was opened for reading');
    if (table === 'meta' && key === keyRecordName) throw new TypeError(`${keyRecordName} is a name of the store's own`);
  }

  async #ask(read: (tx: Transaction) => Promise<unknown>): Promise<unknown> {
    this.#question ??= this.#open();
    const { reads, answers } = this.#question;
    const place = reads.push(read) - 1;
    return (await answers)[place];
  }

  #open(): Question {
    const reads: Question['reads'] = [];
    return {
      reads,
      answers: Promise.resolve().then(async () => {
        this.#question = undefined;
        const tables: Table[] = this.#tables.includes('meta') ? [...this.#tables] : [...this.#tables, 'meta'];
        const { record, answers } = await this.#store.transaction(tables, 'read', async (tx) => {
          const [first, ...rest] = await Promise.all([readKeyRecord(tx), ...reads.map((read) => read(tx))]);
          return { record: first, answers: rest };
        });
        const revision = record?.revision ?? null;
        this.#read ??= revision;
        if (this.#read !== revision || (record && record.id !== this.#vault.id)) {
          this.#stale = true;
          throw new StaleError();
        }
        return answers;
      }),
    };
  }
}

/** Found in a list of `meta`. */
function isKeyRecord(value: unknown): boolean {
  return !isSealed(value) && typeof value === 'object' && value !== null && 'format' in value;
}
