import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Names it to the test files. */
export const RUN_DIRECTORY_VARIABLE = 'EKBAAR_TEST_RUN_DIRECTORY';

/** A directory for what the files of one test run share; and what every process that they start loads first. */
export default function setup(): (() => Promise<void>) | undefined {
  // Every project of vitest.config.ts asks for it, and the first has made it.
  if (process.env[RUN_DIRECTORY_VARIABLE] !== undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'ekbaar-run-'));
  process.env[RUN_DIRECTORY_VARIABLE] = directory;
  const preload = `--import=${pathToFileURL(join(import.meta.dirname, 'quick-imports.mjs')).href}`;
  process.env['NODE_OPTIONS'] = [process.env['NODE_OPTIONS'], preload].filter(Boolean).join(' ');
  process.env['NODE_COMPILE_CACHE'] ??= join(directory, 'compiled');
  // Processes that are just ending may still put what they have compiled there.
  return () => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
