import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pgliteDatabase } from './pglite.ts';

let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'ekbaar-pglite-'));
});
afterEach(() => rm(place, { recursive: true }));

test('a directory that is open in this process is not opened again before it is closed', async () => {
  const dataDir = join(place, 'data');
  const database = await pgliteDatabase(dataDir);
  await expect(pgliteDatabase(dataDir)).rejects.toThrow(`${dataDir} is open in this process already`);
  await database.close();
  expect(await readdir(place)).toEqual(['data']);
});

test('a directory that could not be opened is let go of', async () => {
  const dataDir = join(place, 'data');
  await writeFile(dataDir, 'no directory');
  await expect(pgliteDatabase(dataDir)).rejects.toThrow(`${dataDir} must be a directory`);
  expect(await readdir(place)).toEqual(['data']);
});
