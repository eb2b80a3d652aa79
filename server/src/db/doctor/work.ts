import { sql } from 'drizzle-orm';
import { rowsOf } from '../database.ts';
import { type Check, fine, note, plural, warning } from './finding.ts';

/** Nobody acts differently on more, and counting further would cost. */
const mostCounted = 100_000;
const oldBacklogSeconds = 60;
const staleMinutes = 15;

export const backlog: Check = {
  name: 'unpublished writes',
  needsSchema: true,
  async run(db) {
    const [row] = await rowsOf<{ count: string | number; seconds: number | null }>(
      db,
      sql`select count(*) as count, extract(epoch from clock_timestamp() - min(at))::float8 as seconds
          from (select at from sync.dirty order by id limit ${mostCounted}) d`,
    );
    const [count, seconds] = [Number(row?.count ?? 0), Math.round(row?.seconds ?? 0)];
    if (count === 0) return [fine('none waits')];
    const says = `${count === mostCounted ? 'at least ' : ''}${plural(count, 'mark')}, the oldest ${seconds} s old`;
    return seconds > oldBacklogSeconds
      ? [warning(says, 'phones do not hear of them: is a server running, and what does its log say of publishing?')]
      : [fine(says)];
  },
};

export const deadLetters: Check = {
  name: 'dead letters',
  needsSchema: true,
  async run(db) {
    const rows = await rowsOf<{ tenant: string; count: string | number }>(
      db,
      sql`select tenant, count(*) as count from (
            select tenant from sync.receipts where status = 'dead' and closed_at is null limit ${mostCounted}) r
          group by 1 order by 2 desc limit 10`,
    );
    if (rows.length === 0) return [fine('none is open')];
    return rows.map(({ tenant, count }) =>
      warning(
        `${tenant} has ${plural(Number(count), 'open one')}: mutations without effect that somebody must settle`,
        `ekbaar dead-letters list --tenant ${tenant}`,
      ),
    );
  },
};

export const halts: Check = {
  name: 'halted queues',
  needsSchema: true,
  async run(db) {
    const [row] = await rowsOf<{ count: string | number; old: string | number; tries: number | null }>(
      db,
      sql`select count(*) as count, max(tries) as tries,
            count(*) filter (where first_at < now() - make_interval(mins => ${staleMinutes})) as old
          from (
            select tries, first_at from sync.halts h
            -- a dead letter's halt stays with it
            where not exists (select from sync.receipts r where r.tenant = h.tenant and r.key = h.key)
            limit ${mostCounted}) h`,
    );
    const [count, old] = [Number(row?.count ?? 0), Number(row?.old ?? 0)];
    if (count === 0) return [fine('none')];
    const says = `${plural(count, 'mutation')} keep failing, up to ${row?.tries ?? 0} tries; ${old} for more than ${staleMinutes} minutes`;
    return old > 0
      ? [warning(says, 'look for "a mutator threw" in the log, and deploy a mend: the phones try again by themselves')]
      : [note(says)];
  },
};

export const attempts: Check = {
  name: 'broken-off pushes',
  needsSchema: true,
  async run(db) {
    const [row] = await rowsOf<{ count: string | number }>(
      db,
      sql`select count(*) as count from (
            select from sync.attempts where at < now() - make_interval(mins => ${staleMinutes}) limit ${mostCounted}) a`,
    );
    const count = Number(row?.count ?? 0);
    if (count === 0) return [fine('none')];
    return [
      warning(
        `${plural(count, 'push')}${count === 1 ? '' : 'es'} began and never ended: their processes died, perhaps of what they ran`,
        'look for killed processes (out of memory?) in the system’s log',
      ),
    ];
  },
};

export const tombstones: Check = {
  name: 'tombstones',
  needsSchema: true,
  async run(db) {
    const [row] = await rowsOf<{ swept: string | number; noted: string | null; count: string | number }>(
      db,
      sql`select (select count(*) from (select from sync.scopes where floor > 0 limit ${mostCounted}) s) as swept,
            (select min(at)::text from sync.scope_history) as noted,
            (select count(*) from (select from sync.changes where tag = 0 limit ${mostCounted}) c) as count`,
    );
    const [swept, count] = [Number(row?.swept ?? 0), Number(row?.count ?? 0)];
    const most = count === mostCounted ? 'at least ' : '';
    return [
      note(
        `${most}${plural(count, 'kept one')}; swept in ${plural(swept, 'scope')}` +
          (row?.noted == null ? '' : `; history since ${row.noted}`),
      ),
    ];
  },
};
