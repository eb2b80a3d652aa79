import { type Queryable, rowsOf } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { forgetSignIns } from '../../identity/forget.ts';
import { forgetExpired } from '../../exports/export-store.ts';
import { forgetBrokenUploads } from '../../settlement/receive-file.ts';
import { keepTrackPartitions } from '../../places/track-partitions.ts';
import { settleDead, settleDeadExports } from '../dead-jobs.ts';
import { stalePayouts, tenantsOfStalePayouts } from '../payout-store.ts';
import { incomingEvents, outgoingAttempts } from '../tables.ts';
import { askForStatus } from './payment.ts';
import { type Bench, consumer, type Handling } from './consumer.ts';

/** What runs by the clock, in the operator's time zone. */
export const schedules = [
  { name: 'payout-status', cron: '*/10 * * * *' },
  { name: 'settle-dead', cron: '*/5 * * * *' },
  { name: 'forget-details', cron: '30 2 * * *' },
  { name: 'forget-files', cron: '40 * * * *' },
  { name: 'track-partitions', cron: '10 3 * * *' },
  { name: 'forget-sign-ins', cron: '20 3 * * *' },
] as const;
export const scheduleZone = 'Asia/Kolkata';

const Beat = z.object({ name: z.enum(schedules.map(({ name }) => name)) });

export const schedule = consumer(Beat, async (bench, { name }, handling) => {
  return { verdict: 'done', note: await run(name, bench, handling) };
});

function run(name: z.infer<typeof Beat>['name'], bench: Bench, handling: Handling): Promise<string> {
  switch (name) {
    case 'payout-status':
      return askForPayouts(bench, handling);
    case 'settle-dead':
      return settleDeadLetters(bench);
    case 'forget-details':
      return forgetDetails(bench, handling);
    case 'forget-files':
      return forgetFiles(bench);
    case 'track-partitions':
      return partitionTrack(bench);
    case 'forget-sign-ins':
      return forgetSignIns(bench.db, bench.clock(), bench.auditDays);
  }
}

async function partitionTrack({ db, clock, trackDays }: Bench): Promise<string> {
  const { made, dropped } = await keepTrackPartitions(db, clock(), trackDays);
  return `made ${made.join(', ') || 'none'}; dropped ${dropped.join(', ') || 'none'}`;
}

/** A payout whose webhook did not come is asked for after so long. */
const quietMs = 10 * 60_000;
const mostPayouts = 200;
/** Well within the five minutes that the job has: a provider may take 20 seconds for each. */
const askingMs = 4 * 60_000;

async function askForPayouts(bench: Bench, handling: Handling): Promise<string> {
  const { db, clock, providers } = bench;
  const began = clock().getTime();
  const before = new Date(began - quietMs);
  const tenants = (await tenantsOfStalePayouts(db, before)).filter((name) => providers.of(name).payment !== undefined);
  // Each beat begins elsewhere.
  const choice = { turn: Math.floor(began / quietMs), limit: mostPayouts };
  const stale = tenants.length === 0 ? [] : await stalePayouts(db, tenants, before, choice);
  const signal = AbortSignal.any([handling.signal, AbortSignal.timeout(askingMs)]);
  let asked = 0;
  for (const payout of stale) {
    if (signal.aborted || clock().getTime() - began >= askingMs) break;
    const { payment } = providers.of(payout.tenant);
    if (payment !== undefined) await askForStatus(bench, payout, payment, { signal });
    asked += 1;
  }
  return `asked about ${asked} of ${stale.length} payouts`;
}

async function settleDeadLetters({ db, clock }: Bench): Promise<string> {
  const looked = await settleDead(db, clock());
  return `looked at ${looked} dead letters of the last day; ${await settleDeadExports(db)} exports will not be written`;
}

/** An upload that has not become a run after so long was broken off. */
const uploadMs = 24 * 60 * 60_000;

async function forgetFiles({ database, clock }: Bench): Promise<string> {
  const now = clock();
  await forgetBrokenUploads(database, new Date(now.getTime() - uploadMs));
  return `forgot ${await forgetExpired(database, now)} exports that have expired`;
}

/** How long it is kept what was said on the wire; that it was said is kept for ever. */
const detailDays = 90;

/** Of one statement: no row is locked for long, and a beat that is broken off has not worked for nothing. */
const rowsAtOnce = 5000;

async function forgetDetails({ db, clock }: Bench, { signal }: Handling): Promise<string> {
  const before = new Date(clock().getTime() - detailDays * 24 * 60 * 60_000).toISOString();
  // Only what is still there: the whole past would be written again every night.
  const attempts = await inSteps(
    db,
    signal,
    (step) => sql`
      update ${outgoingAttempts} set request = null, answer = null where ctid = any(array(
        select ctid from ${outgoingAttempts}
        where at < ${before}::timestamptz and (request is not null or answer is not null) limit ${step}))`,
  );
  const events = await inSteps(
    db,
    signal,
    (step) => sql`
      update ${incomingEvents} set body = '{}' where ctid = any(array(
        select ctid from ${incomingEvents}
        where received_at < ${before}::timestamptz and body <> '{}' limit ${step}))`,
  );
  return `forgot details of ${attempts} tries and ${events} events from before ${before}`;
}

/** @returns how many rows were changed, until none was left or the job had to stop */
async function inSteps(db: Queryable, signal: AbortSignal, step: (limit: number) => SQL): Promise<number> {
  for (let all = 0; ;) {
    const rows = await rowsOf(db, sql`${step(rowsAtOnce)} returning 1 as changed`);
    all += rows.length;
    if (rows.length < rowsAtOnce || signal.aborted) return all;
  }
}
