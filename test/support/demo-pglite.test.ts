import { openAsBlob } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeOnce } from './demo-pglite.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ekbaar-once-'));
});
afterAll(() => rm(directory, { recursive: true }));

test('who comes second leaves the file to those who have opened it', async () => {
  const file = join(directory, 'demo.tar');
  await writeOnce(file, Buffer.from('first'));
  const opened = await openAsBlob(file);
  // Moments that a file system tells apart.
  await new Promise((done) => setTimeout(done, 20));
  await writeOnce(file, Buffer.from('second'));
  expect(await opened.text()).toBe('first');
  expect(await readdir(directory)).toEqual(['demo.tar']);
});

test('any other failure is told, and leaves nothing behind', async () => {
  await expect(writeOnce(join(directory, 'nowhere', 'demo.tar'), Buffer.from('x'))).rejects.toThrow('ENOENT');
});
