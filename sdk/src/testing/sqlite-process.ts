/** A process of its own for the tests of sqliteStore: `node sqlite-process.ts <directory> <task> [number]`. */
import * as sqlite from 'node:sqlite';
import { sqliteStore } from '../store/sqlite/index.ts';
import { nodeSqlite } from '../store/sqlite/node.ts';

const [directory = '', task, number = '0'] = process.argv.slice(2);
const store = await sqliteStore({ open: nodeSqlite(sqlite, directory) })('shared');
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

/** Fills the disk with rows, then with mutations, then with mutations in the reserve; says how many of those went in. */
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
