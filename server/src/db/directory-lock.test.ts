import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDirectory } from './directory-lock.ts';

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'ekbaar-lock-'));
});

afterEach(() => rm(place, { recursive: true }));

test('a directory that a living process holds is refused, by name', async () => {
  const directory = join(place, 'data');
  // The process that started this one is alive and is another.
  await writeFile(`${directory}.lock`, String(process.ppid));
  await expect(lockDirectory(directory)).rejects.toThrow(`in use by process ${process.ppid}`);
});

test('what a killed process left behind does not count, and closing lets go', async () => {
  const directory = join(place, 'deep', 'data');
  const unlock = await lockDirectory(directory);
  await unlock();
  expect(await readdir(join(place, 'deep'))).toEqual([]);
  // No process has a number that high: Linux stops at 2^22.
  await writeFile(`${directory}.lock`, '99999999');
  await (
    await lockDirectory(directory)
  )();
});
