import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { canaryOf } from './canary.ts';
import type { Chance } from './chance.ts';
import type { Tally } from './tally.ts';

/** Longer than any transaction of a foreign program here: its connection was lost and the driver does not say so. */
const longestMs = 8_000;

/** How a transaction ends that its author thinks better of. */
const changedMind = `do $$ begin raise exception 'changed my mind' using errcode = 'EK999'; end $$`;

export interface ForeignWriterOptions {
  readonly tenant: string;
  /** Begins the ids of what it makes; those of the demo day begin with `d`. */
  readonly name: string;
  /** Whom it gives deliveries to. */
  readonly agents: readonly { readonly id: string; readonly regionId: string }[];
  readonly chance: Chance;
  readonly tally: Tally;
}

/**
 * Another program on the same database, its owner, which knows nothing of sync: it adds deliveries, corrects amounts,
 * moves, deletes, re-inserts and renames them, and rolls some of it back. It leaves alone what is not pending, and
 * deliveries that it did not make stay with their agents, so that what the mutators did can be told from the tables.
 *
 * As with a script given to psql, the statements of a transaction go in one message: postgres.js's own transactions
 * go on with a rollback on a connection that it has lost, and bring the process down.
 */
export class ForeignWriter {
  readonly #url: string;
  readonly #options: ForeignWriterOptions;
  /** Ids that it has ever used; whether the rows are there now is for PostgreSQL to say. */
  readonly #ids: string[] = [];
  #sql: Sql;
  #next = 1;

  constructor(url: string, options: ForeignWriterOptions) {
    this.#url = url;
    this.#options = options;
    this.#sql = this.#connect();
  }

  /** One transaction, whatever becomes of it. */
  async write(): Promise<void> {
    const { chance, tally } = this.#options;
    const statements = Array.from({ length: 1 + chance.below(4) }, () => this.#step()).flat();
    // Some take their time between two statements, with their locks held.
    if (chance.is(0.2)) statements.splice(1, 0, `select pg_sleep(${chance.below(100) / 1000})`);
    if (chance.is(0.2)) statements.push(changedMind);
    const working = this.#sql.unsafe(['begin', ...statements, 'commit'].join(';\n')).simple();
    try {
      await Promise.race([working, gone()]);
      tally.add('foreign transactions');
    } catch (error) {
      working.catch(() => {});
      tally.add((error as { code?: string }).code === 'EK999' ? 'foreign rollbacks' : 'foreign failures');
      // Also after a rollback: what was begun is not ended by the driver.
      this.#sql.end({ timeout: 0 }).catch(() => {});
      this.#sql = this.#connect();
      await sleep(50);
    }
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: 1 });
  }

  #connect(): Sql {
    return postgres(this.#url, {
      max: 1,
      connect_timeout: 5,
      onnotice: () => {},
      // A query of the driver's own, whose failure nobody could catch.
      fetch_types: false,
      connection: { application_name: 'foreign', lock_timeout: 3000 },
    });
  }

  #step(): string[] {
    const { chance, tenant } = this.#options;
    const pending = `tenant = '${tenant}' and status = 'pending'`;
    const kind = chance.below(100);
    const mine = chance.pick(this.#ids);
    if (mine === undefined || kind < 35) {
      return Array.from({ length: 1 + chance.below(5) }, () => this.#insert(this.#newId()));
    }
    if (kind < 50)
      return [`update deliveries set amount_paise = amount_paise + 100 where ${pending} and ${this.#some()}`];
    if (kind < 65) {
      const { id, regionId } = this.#agent();
      return [
        `update deliveries set agent_id = '${id}', region_id = '${regionId}' where ${pending} and ${this.#some()}`,
      ];
    }
    if (kind < 72) {
      const id = `d${String(1 + chance.below(500)).padStart(4, '0')}`;
      return [`update deliveries set region_id = '${this.#agent().regionId}' where ${pending} and id = '${id}'`];
    }
    if (kind < 80) return [`delete from deliveries where ${pending} and ${this.#some()}`];
    if (kind < 92) {
      // The same id again: in this transaction, or long after it went.
      return [`delete from deliveries where ${pending} and id = '${mine}'`, this.#insert(mine)];
    }
    return [`update deliveries set id = '${this.#newId()}' where ${pending} and id = '${mine}'`];
  }

  #insert(id: string): string {
    const { chance, tenant } = this.#options;
    const canary = canaryOf(tenant);
    const agent = this.#agent();
    // Some are of the same instalment of the same loan: only one of those can ever be confirmed.
    const loan = chance.is(0.1) ? `${canary}-${chance.below(20)}` : `${canary}-${id}`;
    return `
      insert into deliveries (tenant, id, kind, agent_id, region_id, village, pincode, customer_name, customer_phone, mfi_id,
        loan_id, instalment_no, amount_paise, due_on)
      values ('${tenant}', '${id}', 'collection', '${agent.id}', '${agent.regionId}', '${canary}', '824231', '${canary}',
        '+910000000001', 'bfil', '${loan}', 1, ${100 * (1 + chance.below(1000))}, '2026-11-22')
      on conflict do nothing`;
  }

  #newId(): string {
    const id = `${this.#options.name}-${this.#next++}`;
    this.#ids.push(id);
    return id;
  }

  #some(): string {
    const { chance } = this.#options;
    const ids = Array.from({ length: 3 }, () => `'${chance.pick(this.#ids) ?? ''}'`);
    return `id in (${ids.join(', ')})`;
  }

  #agent(): { id: string; regionId: string } {
    return this.#options.chance.pick(this.#options.agents) ?? { id: 'a01', regionId: 'nowhere' };
  }
}

async function gone(): Promise<never> {
  await sleep(longestMs, undefined, { ref: false });
  throw new Error('the transaction did not end');
}
