import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Holds a data directory for this process, by a file beside it that names the process. A file that a killed process
 * left behind does not count.
 *
 * @returns what lets go of it
 * @throws Error when a process that is alive holds it
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const file = `${resolve(directory)}.lock`;
  await mkdir(dirname(file), { recursive: true });
  const holder = await holderOf(file);
  if (holder !== undefined) {
    throw new Error(
      `The data directory ${directory} is in use by process ${holder}: two at once would lose rows. ` +
        `End that process, choose another directory, or remove ${file} if it is none of ours.`,
    );
  }
  await rm(file, { force: true });
  await writeFile(file, String(process.pid), { flag: 'wx' });
  return () => rm(file, { force: true });
}

async function holderOf(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Number(text);
  // In a container a restarted process often has the number of the one before.
  return Number.isSafeInteger(pid) && pid > 0 && pid !== process.pid && isAlive(pid) ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal, but there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
