import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const build = join(import.meta.dirname, '../../examples/field-ops/web/build.ts');

let built: Promise<unknown> | undefined;

/** Builds the agent app and the console, unless they are built from these very sources; asks that once in a process. */
export async function buildWebApps(): Promise<void> {
  await (built ??= promisify(execFile)(process.execPath, [build]));
}
