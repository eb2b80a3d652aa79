import type {
  AuditPage,
  DeadLetterPage,
  ReceiptHistory,
  ReceiptPage,
  RecordedReceipt,
} from '@ekbaar/sdk/protocol/admin';
import type { Database, Queryable } from '../db/database.ts';
import { NeverCameBack } from '../db/fault.ts';
import { ProblemError } from '../problem.ts';
import type { Actor } from './actor.ts';
import { auditOf, auditPage, type AuditRequest } from './audit-log.ts';
import type { Handling } from './close-letter.ts';
import { closeDeadLetter, noteLostRetry, noReceipt, retryDeadLetter } from './dead-letters.ts';
import { noteRetry, uncountTry } from './halt-store.ts';
import type { Moved } from './publish.ts';
import {
  type DeadLetterRequest,
  deadLetterPage,
  recordedReceipt,
  receiptPage,
  type ReceiptRequest,
} from './recorded-receipts.ts';
import type { Rules } from './settle.ts';
import { reading, writing } from './transaction.ts';

export interface AdminOptions {
  readonly database: Database;
  readonly rules: Rules;
  readonly clock: () => Date;
  /** Told after each commit which scopes moved. */
  readonly onMoved: (tenant: string, moved: Moved) => void;
  /** Told of a mutator that threw. */
  readonly onHalted: (mutation: { readonly tenant: string; readonly name: string }, error: unknown) => void;
}

/** What operations see and do: dead letters, receipts as the audit log, and what was done by hand. One tenant at a time. */
export class Admin {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  /** Open dead letters, the oldest first. */
  deadLetters(tenant: string, request: DeadLetterRequest): Promise<DeadLetterPage> {
    return this.#read(tenant, (tx) => deadLetterPage(tx, tenant, request));
  }

  /** Receipts as the audit log: who did what, when by the device and by the server. The newest first. */
  receipts(tenant: string, request: ReceiptRequest): Promise<ReceiptPage> {
    return this.#read(tenant, (tx) => receiptPage(tx, tenant, request));
  }

  /** What happened to one key. @throws ProblemError `not_found` */
  receipt(tenant: string, key: string): Promise<ReceiptHistory> {
    return this.#read(tenant, async (tx) => {
      const receipt = await recordedReceipt(tx, tenant, key.toLowerCase());
      if (receipt === undefined) throw noReceipt(key);
      return { receipt, audit: await auditOf(tx, tenant, key.toLowerCase()) };
    });
  }

  /** What operations did by hand, the newest first. */
  audit(tenant: string, request: AuditRequest): Promise<AuditPage> {
    return this.#read(tenant, (tx) => auditPage(tx, tenant, request));
  }

  /**
   * Runs a dead letter again; its new outcome reaches the actor's phones. Safe to send again: what is dead no more is
   * not run.
   *
   * @throws ProblemError `not_found`, `not_dead`, `still_dead` when it failed again
   */
  async retry(operator: Actor, key: string): Promise<RecordedReceipt> {
    const { database, rules, onHalted } = this.#options;
    const { tenant } = operator;
    const handling = this.#handling(operator, key);
    // Before it starts: a retry that takes the process with it must not look as if it had never been.
    const noted = await noteRetry(database, tenant, handling.key, handling.now);
    const takeBack = async () => {
      if (noted) await uncountTry(database, tenant, handling.key);
    };
    const { retried, receipt } = await this.#write(handling, (tx) => retryDeadLetter(tx, rules, handling)).catch(
      async (error: unknown) => {
        if (error instanceof NeverCameBack) return this.#write(handling, (tx) => noteLostRetry(tx, handling, error));
        await takeBack().catch(() => {});
        throw error;
      },
    );
    if ('outcome' in retried) return receipt;
    if ('error' in retried) onHalted({ tenant, name: retried.name }, retried.error);
    // It was not run: its name is unknown, or it is of a newer model.
    else await takeBack();
    throw new ProblemError('still_dead', `The dead letter ${key} failed again: ${retried.failed}`);
  }

  /** Closes a dead letter without running it; the reason reaches the actor's phones. @throws ProblemError `not_found`, `not_dead` */
  async close(operator: Actor, key: string, reason: string): Promise<RecordedReceipt> {
    const handling = this.#handling(operator, key);
    const { receipt } = await this.#write(handling, (tx) => closeDeadLetter(tx, handling, reason));
    return receipt;
  }

  #handling(operator: Actor, key: string): Handling {
    return { operator, key: key.toLowerCase(), now: this.#options.clock() };
  }

  #read<T>(tenant: string, body: (tx: Queryable) => Promise<T>): Promise<T> {
    return reading(this.#options.database, tenant, body);
  }

  /** Does something to a dead letter and reads what has become of it. */
  async #write<T>(
    { operator: { tenant }, key }: Handling,
    body: (tx: Queryable) => Promise<T>,
  ): Promise<{ retried: T; receipt: RecordedReceipt }> {
    const { database, onMoved } = this.#options;
    const { value, moved } = await writing(database, tenant, async (tx) => {
      const retried = await body(tx);
      const receipt = await recordedReceipt(tx, tenant, key);
      if (receipt === undefined) throw noReceipt(key);
      return { retried, receipt };
    });
    onMoved(tenant, moved);
    return value;
  }
}
