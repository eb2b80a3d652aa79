import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const lookEveryMs = 100;

/**
 * Holds a data directory for this process, by a file beside it that names the process. A file that a killed process
 * left behind does not count.
 *
 * @param waitMs how long a holder that is alive is waited for: a server that was just told to stop is gone in a moment
 * @returns what lets go of it
 * @throws Error when a process that is alive holds it
 */
export async function lockDirectory(directory: string, waitMs = 3000): Promise<() => Promise<void>> {
  const file = `${resolve(directory)}.lock`;
  await mkdir(dirname(file), { recursive: true });
  for (let waited = 0; ; waited += lookEveryMs) {
    const holder = await holderOf(file);
    if (holder === undefined) break;
    if (waited >= waitMs) {
      throw new Error(
        `The data directory ${directory} is in use by process ${holder}: two at once would lose rows. ` +
          `End that process, choose another directory, or remove ${file} if it is none of ours.`,
      );
    }
    await sleep(lookEveryMs);
  }
  await rm(file, { force: true });
  const started = (await statOf(process.pid))?.started;
  await writeFile(file, started === undefined ? String(process.pid) : `${process.pid} ${started}`, { flag: 'wx' });
  return () => rm(file, { force: true });
}

async function holderOf(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const [number, started] = text.split(' ');
  const pid = Number(number);
  // In a container a restarted process often has the number of the one before.
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return undefined;
  const stat = await statOf(pid);
  if (stat === undefined) return pid;
  // Killed, and there only until its parent asks how it ended; or another process that has got its number since.
  const gone = stat.state === 'Z' || stat.state === 'X' || (started !== undefined && started !== stat.started);
  return gone ? undefined : pid;
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

/** What Linux says of a process (`proc_pid_stat(5)`); undefined elsewhere. */
async function statOf(pid: number): Promise<{ state: string; started: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is its name in brackets, in which anything may stand.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[22 - 3]];
  return state && started ? { state, started } : undefined;
}
