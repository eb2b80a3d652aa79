import { type Database, openDatabase, ProblemError } from '@ekbaar/server';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decide } from '../../examples/field-ops/src/server/settlement/decisions.ts';
import { receiveFile } from '../../examples/field-ops/src/server/settlement/receive-file.ts';
import { runInWords } from '../../examples/field-ops/src/server/settlement/run-in-words.ts';
import { itemPage, type ItemRow } from '../../examples/field-ops/src/server/settlement/run-pages.ts';
import type { Run } from '../../examples/field-ops/src/server/settlement/run-store.ts';
import {
  runAgain,
  settle,
  type SettlementWorks,
} from '../../examples/field-ops/src/server/settlement/settlement-run.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { indian, type Paid, payOut } from './bank-day.ts';

let now = new Date('2026-11-25T06:00:00Z');
const clock = () => now;
const log = { info: () => {} };
const tenant = 'pennco';
let pg: FreshDatabase;
let fieldOps: FieldOps;
let database: Database;
let sql: postgres.Sql;
/** Disbursements that no test has had yet. */
let unused: Paid[];

beforeAll(async () => {
  pg = await freshDatabase();
  fieldOps = await startFieldOps({ url: pg.url, demo: { agents: 4, deliveries: 120 }, clock });
  database = await openDatabase({ url: pg.url, connections: 4 });
  sql = postgres(pg.url, { onnotice: () => {}, max: 2 });
  const paid = await payOut(sql, tenant);
  await sql`update disbursements set status = 'disbursed' where tenant = ${tenant}`;
  unused = paid;
});
afterAll(async () => {
  await sql.end();
  await database.close();
  await fieldOps.close();
  await pg.drop();
});

function nextPaid(): Paid {
  const one = unused.shift();
  if (one === undefined) throw new Error('the demo day has no more disbursements');
  return one;
}

const works = (): SettlementWorks => ({ database, engine: fieldOps.server.engine, clock, log });

interface Told {
  readonly ref?: string;
  readonly narration?: string;
  readonly day?: string;
  /** Beyond our amount. */
  readonly more?: number;
  readonly side?: 'DR' | 'CR';
}

/** A line of the bank's that names a disbursement. */
function told(
  one: Paid,
  { ref = `U-${one.id}`, narration = '', day = '22/11/2026', more = 0, side = 'DR' }: Told = {},
) {
  return `${day};${ref};${one.id};${narration};"${indian(one.amountPaise + more)}";${side}`;
}

async function receive(lines: readonly string[]): Promise<Run> {
  const text = ['Date;UTR;Reference No;Narration;Amount;Dr/Cr', ...lines, ''].join('\n');
  const bytes = (async function* () {
    yield await Promise.resolve(Buffer.from(text));
  })();
  return (await receiveFile(database, { tenant, name: 'bank.csv', by: 'test', bytes }, clock)).run;
}
async function settled(run: Run, with_: Partial<SettlementWorks> = {}): Promise<Run> {
  const done = await settle({ ...works(), ...with_ }, tenant, run.id);
  if (done === undefined) throw new Error('the run is gone');
  return done;
}
const settledFile = async (...lines: string[]) => settled(await receive(lines));
async function again(run: Run): Promise<Run> {
  await runAgain(database, tenant, run.id);
  return settled(run);
}

async function accept(run: Run, { id }: Paid): Promise<void> {
  const [{ count } = { count: 0 }] = await sql<{ count: number }[]>`
    select count(*)::int as count from settlement_decisions where tenant = ${tenant} and disbursement_id = ${id}`;
  const decided = { decision: 'accepted', reason: 'we live with it', by: 'test', seen: count } as const;
  await decide(database, { tenant, runId: run.id, disbursementId: id, ...decided }, now);
}

const pageOf = (run: Run, open: boolean) =>
  itemPage(database.db, run, { group: undefined, after: undefined, limit: 500, open });
const itemOf = async (run: Run, { id }: Paid): Promise<ItemRow | undefined> =>
  (await pageOf(run, false)).find(({ disbursementId }) => disbursementId === id);
const isOpen = async (run: Run, { id }: Paid): Promise<boolean> =>
  (await pageOf(run, true)).some(({ disbursementId }) => disbursementId === id);
const inBooks = async ({ id }: Paid): Promise<string | undefined> =>
  (await sql<{ status: string }[]>`select status from disbursements where tenant = ${tenant} and id = ${id}`)[0]
    ?.status;
/** Whether everything in a run fits, but for what the bank has nothing of: most of the demo day. */
function fitsButMissing({ summary, ...run }: Run): boolean {
  if (summary === null) return false;
  const none = { disbursements: 0, ourPaise: 0, bankPaise: 0 };
  return runInWords({ ...run, summary: { ...summary, disbursements: { ...summary.disbursements, missing: none } } })
    .fits;
}

describe('what the engine did not do', () => {
  test('a posting that died waits for somebody, and is done when the run is done again', async () => {
    const one = nextPaid();
    // A program of somebody else's that will not have it: the engine tries for a while, and gives it up.
    await sql.unsafe(`create function refuse() returns trigger language plpgsql as
      'begin if new.id = ''${one.id}'' then raise exception ''not this one''; end if; return new; end'`);
    await sql`create trigger refuse before update on disbursements for each row execute function refuse()`;
    const run = await receive([told(one)]);
    let done: Run | undefined;
    for (let tried = 0; done === undefined && tried < 50; tried++) {
      done = await settled(run).catch((error: unknown) => {
        if (!(error instanceof ProblemError) || error.code !== 'halted') throw error;
        now = new Date(now.getTime() + 10 * 60_000);
        return undefined;
      });
    }
    if (done === undefined) throw new Error('the engine did not give it up');
    expect(await itemOf(done, one)).toMatchObject({ group: 'matched', outcome: 'dead', refusal: 'dead' });
    expect([await isOpen(done, one), fitsButMissing(done), done.summary?.refused]).toEqual([true, false, 1]);
    await sql`drop trigger refuse on disbursements`;

    const later = await again(done);
    expect(await itemOf(later, one)).toMatchObject({ outcome: 'reconciled', refusal: null });
    expect([await isOpen(later, one), fitsButMissing(later), await inBooks(one)]).toEqual([false, true, 'reconciled']);
  });

  test('a key that somebody else had used keeps one posting back and not the whole file', async () => {
    const [one, other] = [nextPaid(), nextPaid()];
    const run = await receive([told(one), told(other)]);
    const stopped = { mutate: () => Promise.reject(new Error('stopped')) };
    await expect(settled(run, { engine: stopped })).rejects.toThrow('stopped');
    const [{ key } = { key: '' }] = await sql<{ key: string }[]>`
      select key from settlement_items where run_id = ${run.id} and disbursement_id = ${one.id}`;
    const counted = { date: '2026-11-22', collectedPaise: 0, disbursedPaise: 0, count: 0 };
    const agent = { tenant, id: 'a01', role: 'agent', claims: {} };
    await fieldOps.server.engine.mutate(agent, { key, name: 'closeDay', args: counted });

    const done = await settled(run);
    expect([await itemOf(done, one), await isOpen(done, one)]).toMatchObject([{ refusal: 'key_reused' }, true]);
    expect([await inBooks(one), await inBooks(other)]).toEqual(['disbursed', 'reconciled']);
    const later = await again(done);
    expect([await inBooks(one), fitsButMissing(later)]).toEqual(['reconciled', true]);
  });

  test('a mismatch of which our amount is corrected is reconciled when the run is done again', async () => {
    const one = nextPaid();
    const run = await settledFile(told(one, { more: 100 }));
    expect([await itemOf(run, one), await inBooks(one)]).toMatchObject([{ group: 'mismatched' }, 'mismatch']);
    await sql`update disbursements set amount_paise = amount_paise + 100 where tenant = ${tenant} and id = ${one.id}`;
    const later = await again(run);
    expect(await itemOf(later, one)).toMatchObject({ group: 'matched', outcome: 'reconciled', refusal: null });
    expect([await inBooks(one), await isOpen(later, one), fitsButMissing(later)]).toEqual(['reconciled', false, true]);
  });
});

describe('what somebody has accepted', () => {
  test('stays off the list while later files tell the same, and comes back when they tell of another payment', async () => {
    const one = nextPaid();
    const lines = [told(one), told(one, { ref: 'SECOND' })];
    const first = await settledFile(...lines);
    expect([await itemOf(first, one), await isOpen(first, one)]).toMatchObject([{ extraPaise: one.amountPaise }, true]);
    await accept(first, one);
    expect(await isOpen(first, one)).toBe(false);
    expect(await isOpen(await settledFile(...lines, ''), one)).toBe(false);
    const third = await settledFile(...lines, told(one, { ref: 'THIRD' }));
    expect([await itemOf(third, one), await isOpen(third, one)]).toMatchObject([
      { extraPaise: 2 * one.amountPaise },
      true,
    ]);
    await accept(third, one);
    expect(await isOpen(third, one)).toBe(false);
  });

  test('comes back when money that came back was paid again', async () => {
    const one = nextPaid();
    const lines = [told(one), told(one, { ref: 'BACK', side: 'CR' })];
    const first = await settledFile(...lines);
    await accept(first, one);
    expect(await isOpen(first, one)).toBe(false);
    expect(await isOpen(await settledFile(...lines, told(one, { ref: 'SECOND' })), one)).toBe(true);
    expect(await isOpen(await settledFile(...lines, told(one, { ref: 'BACK2', side: 'CR' })), one)).toBe(true);
  });

  test('comes back when a mismatch has another amount, and covers nothing where the amounts were not kept', async () => {
    const one = nextPaid();
    const first = await settledFile(told(one, { more: 100 }));
    await accept(first, one);
    expect(await isOpen(first, one)).toBe(false);
    expect(await isOpen(await settledFile(told(one, { more: 200 })), one)).toBe(true);
    await sql`update settlement_decisions set extra_paise = null, returned_paise = null where disbursement_id = ${one.id}`;
    expect(await isOpen(first, one)).toBe(true);
  });
});

describe('a payment under the bank’s reference of another one', () => {
  test('that a later file tells of is paid again, and the one that settled it is not', async () => {
    const one = nextPaid();
    const line = told(one, { ref: 'BATCH', narration: 'run a' });
    const second = told(one, { ref: 'BATCH', narration: 'run b', day: '23/11/2026' });
    expect(await itemOf(await settledFile(line), one)).toMatchObject({ group: 'matched', outcome: 'reconciled' });
    const later = await settledFile(second);
    expect(await itemOf(later, one)).toMatchObject({ group: 'doubled', bankPaise: one.amountPaise });
    expect(await isOpen(later, one)).toBe(true);
    for (const lines of [
      [second, line],
      [line, second],
    ])
      expect(await itemOf(await settledFile(...lines), one)).toMatchObject({
        ...{ group: 'matched', bankPaise: one.amountPaise, extraPaise: one.amountPaise },
      });
    // The same payment, as another report of the bank's words it.
    const reworded = told(one, { ref: 'BATCH', narration: 'salaries' });
    expect(await itemOf(await settledFile(reworded), one)).toMatchObject({ group: 'matched', extraPaise: 0 });
    // Of two that may be it, the one with the same words is.
    const both = await settledFile(reworded, line);
    const [{ no } = { no: 0 }] = await sql<{ no: number }[]>`
      select no from settlement_lines where run_id = ${both.id} and line_group = 'matched' and disbursement_id = ${one.id}`;
    expect([no, (await itemOf(both, one))?.extraPaise]).toEqual([3, one.amountPaise]);
  });

  test('is taken for it where another program reconciled it, and no day is known', async () => {
    const one = nextPaid();
    await sql`update disbursements set status = 'reconciled', bank_ref = 'THEIRS', reconciled_at = now()
      where tenant = ${tenant} and id = ${one.id}`;
    expect(await itemOf(await settledFile(told(one, { ref: 'THEIRS' })), one)).toMatchObject({ group: 'matched' });
    expect(await itemOf(await settledFile(told(one, { ref: 'OURS' })), one)).toMatchObject({ group: 'doubled' });
  });
});
