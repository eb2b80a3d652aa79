import { type Database, openDatabase } from '@ekbaar/server';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { receiveFile } from '../../examples/field-ops/src/server/settlement/receive-file.ts';
import type { Run } from '../../examples/field-ops/src/server/settlement/run-store.ts';
import { runAgain, settle } from '../../examples/field-ops/src/server/settlement/settlement-run.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { seededRandom } from '../support/seeded.ts';
import { bankFile, bankLinesOf, type Paid, payOut, troubles } from './bank-day.ts';

const { seed, random } = seededRandom(20_261_126);
const clock = () => new Date('2026-11-23T20:00:00Z');
const log = { info: () => {} };
let pg: FreshDatabase;
let fieldOps: FieldOps;
let database: Database;
let sql: postgres.Sql;
const paid: Record<string, Paid[]> = {};

beforeAll(async () => {
  pg = await freshDatabase();
  fieldOps = await startFieldOps({ url: pg.url, demo: { agents: 4, deliveries: 120 }, clock });
  database = await openDatabase({ url: pg.url, connections: 4 });
  sql = postgres(pg.url, { onnotice: () => {}, max: 2 });
  for (const tenant of ['pennco', 'vishi']) paid[tenant] = await payOut(sql, tenant);
});
afterAll(async () => {
  await sql.end();
  await database.close();
  await fieldOps.close();
  await pg.drop();
});

const bytesOf = async function* (bytes: Uint8Array) {
  for (let from = 0; from < bytes.length; from += 1000) yield await Promise.resolve(bytes.subarray(from, from + 1000));
};
const receive = async (tenant: string, bytes: Uint8Array): Promise<Run> =>
  (await receiveFile(database, { tenant, name: 'bank.csv', by: 'test', bytes: bytesOf(bytes) }, clock)).run;
const works = () => ({ database, engine: fieldOps.server.engine, clock, log });
const settled = async (tenant: string, bytes: Uint8Array): Promise<Run> => {
  const { id } = await receive(tenant, bytes);
  const run = await settle(works(), tenant, id);
  if (run === undefined) throw new Error('the run is gone');
  return run;
};
/** Everything back to what it was before the first file came. */
async function forgetSettlements(tenant: string): Promise<void> {
  await sql`delete from sync.receipts where tenant = ${tenant} and name = 'reconcileDisbursement'`;
  await sql`update disbursements set status = 'disbursed', bank_ref = null, reconciled_at = null where tenant = ${tenant} and status in ('reconciled', 'mismatch')`;
  for (const table of ['runs', 'lines', 'items', 'uploads', 'decisions'])
    await sql`delete from ${sql(`settlement_${table}`)}`;
}
const receipts = (tenant: string) => sql<{ status: string; result: { status: string } }[]>`
  select status, result from sync.receipts where tenant = ${tenant} and name = 'reconcileDisbursement' order by key`;
const books = (tenant: string) => sql<{ id: string; status: string; bankRef: string | null }[]>`
  select id, status, bank_ref as "bankRef" from disbursements where tenant = ${tenant} order by id`;
const summaryOf = ({ summary }: Run) => {
  if (summary === null) throw new Error('the run has no summary');
  return summary;
};
const groupsOf = (run: Run) =>
  Object.entries(run.summary?.disbursements ?? {})
    .filter(([, { disbursements }]) => disbursements > 0)
    .map(([group, { disbursements }]) => `${group} ${disbursements}`)
    .toSorted();

/** What the day of `bank-day.ts` must come to. */
function expectedGroups(count: number): string[] {
  const off = troubles.wrong.length + troubles.missing.length + troubles.returned.length + troubles.early.length;
  return [
    ...[`matched ${count - off}`, `mismatched ${troubles.wrong.length}`, `early ${troubles.early.length}`],
    ...[`returned ${troubles.returned.length}`, `missing ${troubles.missing.length}`],
  ].toSorted();
}

describe('a bank’s day', () => {
  test('comes to its groups, posts each disbursement once, and the same file again is the same run', async () => {
    const all = paid['pennco'] ?? [];
    const file = bankFile(bankLinesOf(all));
    const run = await settled('pennco', file);
    expect(run).toMatchObject({ state: 'done', upTo: '2026-11-22', error: null });
    expect(groupsOf(run)).toEqual(expectedGroups(all.length));
    expect(run.summary?.books.disbursements).toBe(all.length);
    expect(run.summary?.books.ourPaise).toBe(all.reduce((sum, { amountPaise }) => sum + amountPaise, 0));
    const { lines, file: whole } = summaryOf(run);
    expect(lines.doubled.lines).toBe(troubles.twice.length + troubles.paidAgain.length);
    expect([lines.unknown.lines, lines.unreadable.lines, lines.early.lines, lines.returned.lines]).toEqual([
      1, 2, 1, 2,
    ]);
    expect(whole.lines).toBe(bankLinesOf(all).length + 4);
    expect(Object.values(lines).reduce((sum, { lines: count }) => sum + count, 0)).toBe(whole.lines);

    const posted = await receipts('pennco');
    expect(posted.filter(({ result }) => result.status === 'reconciled')).toHaveLength(lines.matched.lines);
    expect(posted.filter(({ result }) => result.status === 'mismatch')).toHaveLength(troubles.wrong.length);
    const before = await books('pennco');
    const again = await settled('pennco', file);
    expect([again.id, again.summary, again.attempt]).toEqual([run.id, run.summary, run.attempt + 1]);
    await runAgain(database, 'pennco', run.id);
    expect((await settle(works(), 'pennco', run.id))?.summary).toEqual(run.summary);
    expect(await receipts('pennco')).toEqual(posted);
    expect(await books('pennco')).toEqual(before);
  });

  test(`comes to the same in any order and with any lines doubled, from the start and after it was settled (seed ${seed})`, async () => {
    const all = paid['pennco'] ?? [];
    const lines = bankLinesOf(all);
    const wanted = expectedGroups(all.length);
    const distinct = async (run: Run) => sql`
      select distinct raw, line_group, disbursement_id from settlement_lines l where run_id = ${run.id} and line_group <> 'layout'
        and not (line_group = 'doubled' and exists (select from settlement_lines b where b.run_id = l.run_id and b.raw = l.raw and b.no < l.no)) order by 1, 2`;
    let first: { summary: unknown; lines: unknown; books: unknown } | undefined;
    for (const fresh of [true, true, true, false, false]) {
      if (fresh) await forgetSettlements('pennco');
      const doubled = lines.flatMap((line) =>
        Array.from({ length: random() < 0.2 ? 1 + Math.floor(random() * 3) : 1 }, () => line),
      );
      const shuffled = doubled.map((line) => [random(), line] as const).toSorted(([a], [b]) => a - b);
      const run = await settled('pennco', bankFile(shuffled.map(([, line]) => line)));
      expect(groupsOf(run)).toEqual(wanted);
      const found = { summary: run.summary?.disbursements, lines: await distinct(run), books: await books('pennco') };
      first ??= found;
      expect(found).toEqual(first);
    }
    expect(await receipts('pennco')).toHaveLength(
      all.length - troubles.missing.length - troubles.returned.length - troubles.early.length,
    );
  });

  test('is done again after it was stopped at each of its steps, and comes to the same', async () => {
    const all = paid['pennco'] ?? [];
    await forgetSettlements('pennco');
    const run = await receive('pennco', bankFile(bankLinesOf(all)));
    let stops = 0;
    let done: Run | undefined;
    // Each try may do a few things with the database or the engine; the next one, before or after it was done, is its last.
    while (done === undefined) {
      let left = 1 + Math.floor(random() * 12);
      const stop = async <T>(act: () => Promise<T>): Promise<T> => {
        left--;
        if (left > 0) return act();
        if (random() < 0.5) await act();
        throw new Error('stopped');
      };
      const db = new Proxy(database.db, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name);
          if (name === 'transaction')
            return (...given: Parameters<typeof target.transaction>) => stop(() => target.transaction(...given));
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
      const dying: Database = Object.create(database, { db: { value: db } }) as Database;
      const { engine } = fieldOps.server;
      try {
        done = await settle(
          { ...works(), database: dying, engine: { mutate: (...given) => stop(() => engine.mutate(...given)) } },
          'pennco',
          run.id,
        );
      } catch (error) {
        if (!(error instanceof Error) || error.message !== 'stopped') throw error;
        stops++;
      }
    }
    expect(stops).toBeGreaterThan(5);
    expect(groupsOf(done)).toEqual(expectedGroups(all.length));
    expect(await receipts('pennco')).toHaveLength((done.summary?.lines.matched.lines ?? 0) + troubles.wrong.length);
  });
});

test('what a late phone reports is settled when the run is done again', async () => {
  const all = paid['vishi'] ?? [];
  const run = await settled('vishi', bankFile(bankLinesOf(all)));
  const early = all[troubles.early[0]]?.id ?? '';
  await sql`update disbursements set status = 'disbursed' where tenant = 'vishi' and id = ${early}`;
  await runAgain(database, 'vishi', run.id);
  const again = await settle(works(), 'vishi', run.id);
  expect(again?.repeats).toBe(1);
  expect(again?.summary?.disbursements.early.disbursements).toBe(0);
  expect(again?.summary?.disbursements.matched.disbursements).toBe(
    (run.summary?.disbursements.matched.disbursements ?? 0) + 1,
  );
  expect((await books('vishi')).find(({ id }) => id === early)?.status).toBe('reconciled');
});

test('a later file corrects an amount, and another payment of what was settled is told', async () => {
  const all = paid['vishi'] ?? [];
  const [wrong, fine] = [all[troubles.wrong[0]], all[0]];
  const line = (ref: string, one: Paid | undefined) =>
    `23/11/2026;${ref};${one?.id ?? ''};;${(one?.amountPaise ?? 0) / 100};DR`;
  const run = await settled('vishi', bankFile([line('CORRECTED', wrong), line('SECOND', fine)]));
  expect(groupsOf(run)).toEqual(
    expect.arrayContaining(['matched 1', 'doubled 1', `mismatchedBefore ${troubles.wrong.length - 1}`]),
  );
  expect((await books('vishi')).find(({ id }) => id === wrong?.id)).toMatchObject({
    status: 'reconciled',
    bankRef: 'CORRECTED',
  });
});

test('two at the same run: the newer one does it, the older one stops, and nothing is done twice', async () => {
  await sql`update disbursements set status = 'disbursed' where tenant = 'salesco'`;
  const all = await sql<
    Paid[]
  >`select id, loan_id as "loanId", delivery_id as "deliveryId", amount_paise::float8 as "amountPaise" from disbursements where tenant = 'salesco' order by id`;
  const { id } = await receive('salesco', bankFile(bankLinesOf(all)));
  const ends = await Promise.allSettled([1, 2, 3].map(() => settle(works(), 'salesco', id)));
  expect(ends.some(({ status }) => status === 'fulfilled')).toBe(true);
  const run = await settle(works(), 'salesco', id);
  expect(run?.state).toBe('done');
  expect(await receipts('salesco')).toHaveLength((run?.summary?.lines.matched.lines ?? 0) + troubles.wrong.length);
});

describe('over HTTP', () => {
  const path = '/api/v1/settlement/runs';
  interface Page {
    runs: { id: string }[];
    lines: { no: number }[];
    disbursements: { disbursementId: string; decisions: number }[];
    next: string | null;
  }

  test('a file is taken as it is, listed, paged, decided on and reported; another operator sees nothing of it', async () => {
    const token = await fieldOps.token('settlement', 'settlement', 'pennco');
    const file = bankFile([...bankLinesOf(paid['pennco'] ?? []), `22/11/2026;F1;=HYPERLINK("x");;500;DR`]);
    const sent = await fieldOps.post(`${path}?name=night.csv`, token, file, { 'content-type': 'text/csv' });
    expect([sent.status, (sent.body as { state: string }).state]).toEqual([201, 'received']);
    const { id } = sent.body as { id: string };
    const again = await fieldOps.post(`${path}?name=other.csv`, token, file, { 'content-type': 'text/csv' });
    expect([again.status, (again.body as { id: string }).id]).toEqual([200, id]);
    await settle(works(), 'pennco', id);
    expect((await fieldOps.get(`${path}/${id}`, token)).body).toMatchObject({ state: 'done', fileName: 'night.csv' });
    expect(((await fieldOps.get(`${path}?limit=1`, token)).body as Page).next).not.toBeNull();

    const lines: number[] = [];
    for (let next: string | null = '0'; next !== null;) {
      const page: Page = (await fieldOps.get(`${path}/${id}/lines?limit=7&cursor=${next}`, token)).body as Page;
      lines.push(...page.lines.map(({ no }) => no));
      next = page.next;
    }
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, at) => at + 1));
    expect(lines.length).toBe(bankLinesOf(paid['pennco'] ?? []).length + 5);

    const open = async () =>
      ((await fieldOps.get(`${path}/${id}/disbursements?open=true&limit=200`, token)).body as Page).disbursements;
    const before = await open();
    const mismatch = paid['pennco']?.[troubles.wrong[0]]?.id ?? '';
    expect(before.map(({ disbursementId }) => disbursementId)).toContain(mismatch);
    const decide = (body: object) => fieldOps.post(`${path}/${id}/disbursements/${mismatch}/decide`, token, body);
    expect((await decide({ decision: 'contested', reason: 'asked the bank', seen: 0 })).status).toBe(200);
    expect(await open()).toHaveLength(before.length);
    // Somebody who has not seen that one.
    expect((await decide({ decision: 'accepted', reason: 'bank fee', seen: 0 })).status).toBe(400);
    expect((await decide({ decision: 'accepted', reason: 'bank fee', seen: 1 })).status).toBe(200);
    expect(await open()).toHaveLength(before.length - 1);

    const report = await fieldOps.get(`${path}/${id}/report.csv`, token);
    expect(report.headers.get('content-disposition')).toContain('attachment');
    expect(report.text).toContain('bank fee');
    expect(report.text).not.toMatch(/(^|,)"?=/m);

    const other = await fieldOps.token('settlement', 'settlement', 'vishi');
    for (const at of ['', '/lines', '/disbursements', '/report.csv'])
      expect((await fieldOps.get(`${path}/${id}${at}`, other)).status).toBe(404);
    expect((await fieldOps.post(`${path}/${id}/again`, other, {})).status).toBe(404);
    // The same bytes of another operator are a run of its own.
    const theirs = await fieldOps.post(path, other, file, { 'content-type': 'text/csv' });
    expect([theirs.status, (theirs.body as { id: string }).id === id]).toEqual([201, false]);
  });

  test('a run that no job can be made for is not there, and one that is to be done again stays as it is', async () => {
    const token = await fieldOps.token('settlement', 'settlement', 'pennco');
    const send = () =>
      fieldOps.post(path, token, bankFile(['22/11/2026;J1;b0001;;1.00;DR']), { 'content-type': 'text/csv' });
    const jobs = async () =>
      (await sql<{ count: number }[]>`select count(*)::int as count from pgboss.job where name = 'settlement'`)[0]
        ?.count ?? 0;
    const runs = () => sql<Run[]>`select id, state, attempt, repeats from settlement_runs order by id`;
    const [known] = await sql<{ id: string }[]>`
      select id from settlement_runs where tenant = 'pennco' and state = 'done' limit 1`;
    const again = () => fieldOps.post(`${path}/${known?.id ?? ''}/again`, token, {});
    await sql`create function full_disk() returns trigger language plpgsql as 'begin raise exception ''disk full''; end'`;
    await sql`create trigger full_disk before insert on pgboss.job_common for each row execute function full_disk()`;
    const before = await runs();
    for (const attempt of [send, again]) expect((await attempt()).status).toBe(500);
    expect(await runs()).toEqual(before);
    await sql`drop trigger full_disk on pgboss.job_common`;
    const count = await jobs();
    expect([(await send()).status, (await again()).status]).toEqual([201, 202]);
    expect([await jobs(), (await runs()).length]).toEqual([count + 2, before.length + 1]);
  });

  test('agents, ops of some regions and strangers are refused', async () => {
    const some = await fieldOps.token('ops', 'ops', 'pennco', { regions: ['IN-BR-1'] });
    const agent = await fieldOps.token('a01', 'agent');
    for (const token of [some, agent]) {
      expect((await fieldOps.post(path, token, 'x', { 'content-type': 'text/csv' })).status).toBe(403);
      expect((await fieldOps.get(path, token)).status).toBe(403);
    }
    expect((await fieldOps.get(path, null)).status).toBe(401);
  });

  test('what is no bank’s file becomes a failed run that says why, and an empty one is refused', async () => {
    const token = await fieldOps.token('settlement', 'settlement');
    const { body } = await fieldOps.post(path, token, 'a,b\n1,2\n', { 'content-type': 'text/csv' });
    const run = await settle(works(), 'pennco', (body as { id: string }).id);
    expect(run).toMatchObject({ state: 'failed', error: expect.stringContaining('header') as string });
    expect((await fieldOps.post(path, token, '', { 'content-type': 'text/csv' })).status).toBe(400);
  });
});
