import { openAsBlob } from 'node:fs';
import { rename, stat, writeFile } from 'node:fs/promises';
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
  if (!isThere) {
    // Two test files may both make it: the last one stays.
    const own = `${file}.${crypto.randomUUID()}`;
    await writeFile(own, await loadDemo());
    await rename(own, file);
  }
  return pgliteCopy(await openAsBlob(file));
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
