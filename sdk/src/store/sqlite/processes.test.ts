import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { sqliteDirectory } from '../../testing/sqlite-directory.ts';
import type { Store } from '../store.ts';
import { sqliteStore } from './index.ts';

const { path, open } = sqliteDirectory();
const script = fileURLToPath(new URL('../../testing/sqlite-process.ts', import.meta.url));

/** Another process on the files of `path`; its output gathers in `said`. */
function start(...args: string[]): { child: ChildProcess; said: () => string; until: (text: string) => Promise<void> } {
  const child = spawn(process.execPath, [script, path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk) => (said += String(chunk)));
  const until = async (text: string) => {
    while (!said.includes(text)) await once(child.stdout, 'data');
  };
  return { child, said: () => said, until };
}

async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

const list = (store: Store, table: 'log' | 'rows') => store.transaction([table], 'read', (tx) => tx.list(table));

test('what was saved is there after the process was killed, and a transaction only whole', async () => {
  const saving = start('save');
  await saving.until('\n20\n');
  await killed(saving.child);
  const saved = saving.said().trim().split('\n').length;

  // This one is killed with a megabyte of its transaction in SQLite's hands.
  const hanging = start('hang', '1200');
  await hanging.until('in the middle');
  await killed(hanging.child);

  const store = await sqliteStore({ open })('shared');
  const log = (await list(store, 'log')) as { at: number }[];
  // The last one may have been saved without having been said.
  expect(log.length - saved).toBeOneOf([0, 1]);
  expect(log.map(({ at }) => at)).toEqual(log.map((_, at) => at + 1));
  expect(await list(store, 'rows')).toEqual([]);
  await store.close();
});

test('two processes on one file take turns', async () => {
  const other = start('count', '100');
  const store = await sqliteStore({ open })('shared');
  for (let at = 0; at < 100; at += 1) {
    await store.transaction(['meta'], 'durable', async (tx) => {
      await tx.put('meta', 'n', (((await tx.get('meta', 'n')) as number | undefined) ?? 0) + 1);
    });
  }
  if (other.child.exitCode === null) await once(other.child, 'exit');
  expect(other.child.exitCode).toBe(0);
  expect(await store.transaction(['meta'], 'read', (tx) => tx.get('meta', 'n'))).toBe(200);
  await store.close();
});

test('two connections of one process take turns, and see what the other has done', async () => {
  const [one, other] = await Promise.all([sqliteStore({ open })('both'), sqliteStore({ open })('both')]);
  const given = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      (at % 2 === 0 ? one : other).transaction(['meta'], 'durable', async (tx) => {
        const next = (((await tx.get('meta', 'n')) as number | undefined) ?? 0) + 1;
        await tx.put('meta', 'n', next);
        // Time for the other one to come in between.
        await tx.list('meta');
        return next;
      }),
    ),
  );
  expect(given.toSorted((left, right) => left - right)).toEqual(given.map((_, at) => at + 1));
  await one.destroy();
  expect(await other.transaction(['meta'], 'read', (tx) => tx.list('meta'))).toEqual([]);
  await other.close();
});

test('what was destroyed is not left in the file either', async () => {
  const factory = sqliteStore({ open });
  const store = await factory('secret');
  await store.transaction(['log'], 'durable', (tx) => tx.put('log', 1, 'the secret of the phone'.repeat(500)));
  const other = await factory('secret');
  await store.destroy();
  const files = readdirSync(path).filter((file) => file.includes('secret'));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(readFileSync(`${path}/${file}`, 'latin1')).not.toContain('the secret');
  expect(await list(other, 'log')).toEqual([]);
  await other.transaction(['log'], 'durable', (tx) => tx.put('log', 1, 'new'));
  await other.close();
});

const megabytes = 12;
const fill = `${process.execPath} ${script}`;

/** What became of `fill` on a disk of its own, which nobody else sees; undefined where a machine gives us none. */
function onSmallDisk(...namespace: string[]): string | undefined {
  const mounted = `mount -t tmpfs -o size=${megabytes}m tmpfs /mnt`;
  const unshared = (command: string) => spawnSync('unshare', [...namespace, 'sh', '-c', command], { encoding: 'utf8' });
  return unshared(mounted).status === 0 ? unshared(`${mounted} && ${fill} /mnt fill`).stdout : undefined;
}

/** The same in a directory, with SQLite itself keeping to so much: on every machine. */
function inBounds(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ekbaar-small-disk-'));
  try {
    const bytes = String(megabytes * 2 ** 20);
    return spawnSync(process.execPath, [script, directory, 'fill', bytes], { encoding: 'utf8' }).stdout;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const room = {
  rows: expect.stringMatching(/^store_full after \d{3}$/),
  // What room there is by chance.
  full: expect.stringMatching(/^store_full after \d?\d$/),
  released: true,
  reserve: expect.stringMatching(/^store_full after [1-9]\d{3}$/),
};

test('when everything else is full, the reserve is room for thousands of mutations', async ({ annotate }) => {
  const answers = [inBounds()];
  // As anybody, where users may have namespaces; as root, where only they may not.
  const real = onSmallDisk('-rm') ?? onSmallDisk('-m');
  if (real === undefined) {
    // What only a real disk shows is that the log (WAL) is refused too.
    const why = 'Not tried on a real disk: neither `unshare -rm` nor `unshare -m` may mount a small one here';
    console.warn(why);
    await annotate(why, 'warning');
  } else answers.push(real);
  expect(answers.map((answer) => JSON.parse(answer) as unknown)).toEqual(answers.map(() => room));
  // Thousands of flushes to a real disk.
}, 180_000);
