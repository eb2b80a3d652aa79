import { openAsBlob } from 'node:fs';
import { link, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fieldOpsServer } from '@ekbaar/field-ops/server';
import { seedDemo } from '@ekbaar/field-ops/seed';
import { type Database, pgliteCopy, pgliteDatabase } from '@ekbaar/server';
import { RUN_DIRECTORY_VARIABLE } from './run-directory.ts';

/** The day that every row of the demo is due on. */
export const demoDate = '2026-11-22';
export const usualDemo = { agents: 4, deliveries: 60 };

/** A PGlite in memory with the usual demo, loaded once for the whole test run: a copy opens in a third of the time. */
export async function demoPglite(): Promise<Database> {
  const directory = process.env[RUN_DIRECTORY_VARIABLE];
  if (directory === undefined) throw new Error(`${RUN_DIRECTORY_VARIABLE} is not set: use vitest’s project "unit"`);
  const file = join(directory, 'demo.tar');
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere) await writeOnce(file, await loadDemo());
  return pgliteCopy(await openAsBlob(file));
}

/**
 * Writes a file whole, unless it is there. Two test files may both make the demo: the first one stays, since whoever has
 * opened it as a Blob cannot read another one in its place.
 */
export async function writeOnce(file: string, bytes: Uint8Array): Promise<void> {
  const own = `${file}.${crypto.randomUUID()}`;
  try {
    await writeFile(own, bytes);
    await link(own, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(own, { force: true });
  }
}

async function loadDemo(): Promise<Uint8Array> {
  const database = await pgliteDatabase();
  const server = fieldOpsServer(database, { secret: crypto.randomUUID() }, { signIn: { demo: true, proxies: 0 } });
  await server.start();
  await seedDemo(database.db, demoDate, usualDemo);
  await server.engine.sweep();
  const dump = await database.dump();
  await server.close();
  return dump.bytes();
}
