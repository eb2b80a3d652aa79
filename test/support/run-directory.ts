import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names it to the test files. */
export const RUN_DIRECTORY_VARIABLE = 'EKBAAR_TEST_RUN_DIRECTORY';

/** A directory for what the files of one test run share. */
export default async function setup(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'ekbaar-run-'));
  process.env[RUN_DIRECTORY_VARIABLE] = directory;
  return () => rm(directory, { recursive: true, force: true });
}
