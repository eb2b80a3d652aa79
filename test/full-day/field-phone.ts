import sqlite from 'node:sqlite';
import { type Client, createClient, type SavedMutation } from '@ekbaar/sdk';
import { sqliteStore } from '@ekbaar/sdk/store/sqlite';
import { nodeSqlite } from '@ekbaar/sdk/store/sqlite/node';
import type { ArgsOf, MutationName } from '@ekbaar/sdk/model';
import { type FieldOpsModel, model } from '../../examples/field-ops/src/model.ts';
import { optimistic } from '../../examples/field-ops/src/optimistic.ts';
import type { TokenOf } from '../support/bearer-tokens.ts';
import type { Note, Notebook } from './note.ts';

/** Tokens expire in the field, too. */
const tokenSeconds = 180;

export interface PhoneOptions {
  readonly tenant: string;
  readonly agentId: string;
  /** Which of the agent's phones it is. */
  readonly no: number;
  /** The bad line. */
  readonly url: string;
  /** Where its SQLite files are: what survives the app's end. */
  readonly directory: string;
  readonly tokenOf: TokenOf;
  readonly notebook: Notebook;
  /** What was noted of it before, by a process that was killed. */
  readonly before: readonly Note[];
}

/** A mutation in the log, whichever it is. */
interface Promised {
  readonly key: string;
  readonly name: string;
  readonly args: object;
}

interface Outcome {
  readonly state: string;
  readonly result?: unknown;
  readonly error?: { readonly code: string } | undefined;
}

interface ConfirmArgs {
  readonly deliveryId?: string;
  readonly amountPaise?: number;
}

/** A phone with the real SDK on a real file. Notes what it promises, and what it is told. */
export class FieldPhone {
  readonly name: string;
  /** No bar of signal. */
  dark = false;
  readonly #notebook: Notebook;
  readonly #listeners = new Set<(event: 'online' | 'offline' | 'visible') => void>();
  #client: Client<FieldOpsModel> | undefined;
  /** Promises with receipts that nobody has answered yet. */
  #open = 0;
  /** Confirmations of this phone that the server has applied: paise by delivery. */
  readonly applied = new Map<string, number>();

  private constructor(name: string, notebook: Notebook) {
    this.name = name;
    this.#notebook = notebook;
  }

  static async open(options: PhoneOptions): Promise<FieldPhone> {
    const { tenant, agentId, no, directory, tokenOf, notebook, before } = options;
    const phone = new FieldPhone(`${tenant}/${agentId}#${no}`, notebook);
    phone.#client = await createClient({
      model,
      url: options.url,
      actor: { tenant, id: agentId },
      token: () => tokenOf(agentId, 'agent', tenant, { exp: Math.floor(Date.now() / 1000) + tokenSeconds }),
      store: sqliteStore({ open: nodeSqlite(sqlite, directory), prefix: `phone-${no}-` }),
      optimistic,
      platform: {
        online: () => !phone.dark,
        onEvent: (listener) => {
          phone.#listeners.add(listener);
          return () => phone.#listeners.delete(listener);
        },
        fetch: (url, init) => (phone.dark ? Promise.reject(new TypeError('there is no signal')) : fetch(url, init)),
      },
    });
    await phone.#takeUp(before);
    return phone;
  }

  get client(): Client<FieldOpsModel> {
    if (this.#client === undefined) throw new Error(`${this.name} is not open`);
    return this.#client;
  }

  get pending(): number {
    return this.client.status.get().pending;
  }

  /** @returns the server's outcome, once it is there; it is noted in any case */
  async mutate<N extends MutationName<FieldOpsModel>>(
    name: N,
    args: ArgsOf<FieldOpsModel, N>,
  ): Promise<{ readonly outcome: SavedMutation<FieldOpsModel, N>['confirmed'] }> {
    this.#notebook.write({ note: 'trying', phone: this.name, name });
    const { key, confirmed } = await this.client.mutate(name, args);
    this.#noteSaved(key, name, args, false);
    this.#noteWhenTold({ key, name, args }, confirmed);
    return { outcome: confirmed };
  }

  /** The signal comes and goes. */
  setDark(dark: boolean): void {
    if (this.dark === dark) return;
    this.dark = dark;
    for (const listener of this.#listeners) listener(dark ? 'offline' : 'online');
  }

  /** Everything sent and everything fetched, as far as the line lets it. @returns whether nothing is left */
  async settle(): Promise<boolean> {
    try {
      await this.client.sync();
    } catch {
      // The line; it is asked again.
      return false;
    }
    return this.pending === 0 && this.#open === 0 && this.client.status.get().progress === null;
  }

  async noteShown(): Promise<void> {
    const rows = await this.client.read('deliveries');
    const deliveries = rows.map(({ id, status, amountPaise, receiptNo }) => ({ id, status, amountPaise, receiptNo }));
    this.#notebook.write({ note: 'shown', phone: this.name, deliveries });
  }

  /** The app was opened again: what it finds in its log was promised, whether anybody had time to note it or not. */
  async #takeUp(before: readonly Note[]): Promise<void> {
    const own = before.filter((note) => 'phone' in note && note.phone === this.name);
    const saved = new Set(own.flatMap((note) => (note.note === 'saved' ? [note.key] : [])));
    const told = new Set(own.flatMap((note) => (note.note === 'told' ? [note.key] : [])));
    for (const note of own) if (note.note === 'told') this.#count(note.key, note.state, own);
    if (own.length === 0) return;
    for (const record of await this.client.readMutations()) {
      if (!saved.has(record.key)) this.#noteSaved(record.key, record.name, record.args, true);
      if (!told.has(record.key)) this.#noteWhenTold(record, this.client.outcome(record.key));
    }
  }

  #count(key: string, state: string, own: readonly Note[]): void {
    const saved = own.find((note) => note.note === 'saved' && note.key === key);
    if (saved?.note !== 'saved' || saved.name !== 'confirmDelivery' || state !== 'applied') return;
    this.applied.set(saved.deliveryId ?? '', saved.amountPaise ?? 0);
  }

  #noteSaved(key: string, name: string, args: object, found: boolean): void {
    const { deliveryId, amountPaise } = args as ConfirmArgs;
    this.#notebook.write({
      ...{ note: 'saved', phone: this.name, key, name, found },
      ...(deliveryId === undefined ? {} : { deliveryId }),
      ...(amountPaise === undefined ? {} : { amountPaise }),
    });
  }

  #noteWhenTold({ key, name, args }: Promised, outcome: Promise<Outcome>): void {
    const counts = name === 'recordLocation' ? 0 : 1;
    this.#open += counts;
    outcome.then(
      ({ state, result, error }) => {
        this.#open -= counts;
        const { receiptNo } = (result ?? {}) as { receiptNo?: string };
        this.#notebook.write({
          ...{ note: 'told', phone: this.name, key, state },
          ...(error === undefined ? {} : { code: error.code }),
          ...(receiptNo === undefined ? {} : { receiptNo }),
        });
        const { deliveryId, amountPaise } = args as ConfirmArgs;
        if (name === 'confirmDelivery' && state === 'applied') this.applied.set(deliveryId ?? '', amountPaise ?? 0);
      },
      (error: unknown) => {
        // A ping leaves no outcome behind; and whoever closes the app hears nothing more in this session.
        if (counts > 0 && (error as { code?: string }).code !== 'closed') throw error;
      },
    );
  }
}
