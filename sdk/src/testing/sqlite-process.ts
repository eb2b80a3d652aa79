/** A process of its own for the tests of sqliteStore: `node sqlite-process.ts <directory> <task> [number]`. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as sqlite from 'node:sqlite';
import type { OpenSqlite } from '../store/sqlite/driver.ts';
import { sqliteStore } from '../store/sqlite/index.ts';
import { nodeSqlite } from '../store/sqlite/node.ts';

const [directory = '', task, number = '0'] = process.argv.slice(2);

/**
 * As on a disk of `bytes` that holds nothing but `directory`: SQLite is kept from making a file larger than the others leave
 * room for. Its write-ahead log counts, but is not refused anything itself.
 */
function boundedBy(bytes: number, open: OpenSqlite): OpenSqlite {
  return async (name, ...rest) => {
    const driver = await open(name, ...rest);
    const bound = async () => {
      const others = readdirSync(directory).filter((file) => file !== name);
      const taken = others.reduce((sum, file) => sum + statSync(join(directory, file)).size, 0);
      await driver.all(`PRAGMA max_page_count = ${Math.max(Math.floor((bytes - taken) / 4096), 1)}`, []);
    };
    return {
      ...driver,
      run: (sql, params) => bound().then(() => driver.run(sql, params)),
      all: (sql, params) => bound().then(() => driver.all(sql, params)),
      close: () => driver.close(),
    };
  };
}

const open = nodeSqlite(sqlite, directory);
const store = await sqliteStore({
  open: task === 'fill' && Number(number) > 0 ? boundedBy(Number(number), open) : open,
})('shared');
/** Keeps the process alive until it is killed. */
const forEver = () => new Promise<never>(() => setInterval(() => {}, 1000));

/** Saves one after the other, saying so, and is killed at it. */
async function save(): Promise<void> {
  for (let at = 1; ; at += 1) {
    await store.transaction(['log'], 'durable', (tx) => tx.put('log', at, { at, filler: 'x'.repeat(500) }));
    process.stdout.write(`${at}\n`);
  }
}

/** Writes `number` rows in one transaction, hands them to SQLite, and stays in the middle of it. */
async function hang(): Promise<void> {
  await store.transaction(['rows', 'log'], 'durable', async (tx) => {
    await tx.clear('log');
    for (let at = 0; at < Number(number); at += 1) await tx.put('rows', ['c', `${at}`], 'x'.repeat(1000));
    await tx.list('rows');
    process.stdout.write('in the middle\n');
    await forEver();
  });
}

/** Counts up `number` times. */
async function count(): Promise<void> {
  for (let at = 0; at < Number(number); at += 1) {
    await store.transaction(['meta'], 'durable', async (tx) => {
      await tx.put('meta', 'n', (((await tx.get('meta', 'n')) as number | undefined) ?? 0) + 1);
    });
  }
  await store.close();
}

/** Fills the disk (or, with a number, so many bytes of it) with rows, then with mutations, then with mutations in the reserve; says how many of those went in. */
async function fill(): Promise<void> {
  await store.reserve?.hold();
  const until = async (put: (at: number) => Promise<void>): Promise<string> => {
    for (let at = 0; ; at += 1) {
      try {
        await put(at);
      } catch (error) {
        return `${(error as { code?: string }).code} after ${at}`;
      }
    }
  };
  const row = 'x'.repeat(50_000);
  const rows = await until((at) => store.transaction(['rows'], 'durable', (tx) => tx.put('rows', ['c', `${at}`], row)));
  const mutations = (from: number) =>
    until((at) =>
      store.transaction(['log', 'meta'], 'durable', async (tx) => {
        await tx.put('log', from + at, { args: 'y'.repeat(500) });
        await tx.put('meta', 'identity', { lastSeq: from + at });
      }),
    );
  const full = await mutations(0);
  const released = await store.reserve?.release();
  process.stdout.write(JSON.stringify({ rows, full, released, reserve: await mutations(10_000) }));
  await store.close();
}

await { save, hang, count, fill }[task as 'save' | 'hang' | 'count' | 'fill']();
