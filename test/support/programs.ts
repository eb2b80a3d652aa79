import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first of these programs that is on the PATH. */
export function findProgram(...names: string[]): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  return names.flatMap((name) => directories.map((directory) => join(directory, name))).find(isExecutable);
}

/**
 * For `describe.skipIf(…)`. Says how to get what is missing; in CI it throws, so that nothing is skipped there.
 *
 * @param programs of each the names that it may have
 * @param packages of Debian
 */
export function isMissing(name: string, programs: readonly (readonly string[])[], packages: string): boolean {
  if (programs.every((names) => findProgram(...names))) return false;
  const message = `${name} is missing, and its tests need it: apt-get install ${packages}`;
  if (process.env['CI']) throw new Error(message);
  console.warn(`\n!!! ${message}\n`);
  return true;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
