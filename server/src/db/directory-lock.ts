import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const lookEveryMs = 100;

/**
 * Holds a data directory for one opening of it, by a file beside it that names the process. A file that a killed process
 * left behind does not count.
 *
 * @param waitMs how long a holder that is alive is waited for: a server that was just told to stop is gone in a moment
 * @returns what lets go of it
 * @throws Error when a process that is alive holds it, this one too
 */
export async function lockDirectory(directory: string, waitMs = 3000): Promise<() => Promise<void>> {
  const file = `${resolve(directory)}.lock`;
  await mkdir(dirname(file), { recursive: true });
  const started = (await statOf(process.pid))?.started;
  const own = started === undefined ? String(process.pid) : `${process.pid} ${started}`;
  // Its end tells two openings in one process apart.
  const wish = `${file}.${process.pid}.${randomUUID()}`;
  try {
    for (let waited = 0; ; waited += lookEveryMs) {
      let taken = await takenBy(file, wish);
      if (taken === undefined) {
        // Said before it looks again: of two that find the file of a killed process at once, one sees the other.
        await writeFile(wish, own);
        taken = await takenBy(file, wish);
        if (taken === undefined) break;
      }
      if (waited >= waitMs) throw inUse(directory, taken);
      // The first one in order goes on wishing, and is alone with its wish then.
      if (taken.file === file || inOrder(taken.file, wish) < 0) await rm(wish, { force: true });
      await sleep(lookEveryMs);
    }
    await writeFile(file, own);
  } finally {
    // Only now: whoever looks sees the wish or the file.
    await rm(wish, { force: true });
  }
  return () => rm(file, { force: true });
}

interface Holder {
  readonly pid: number;
  /** What says so. */
  readonly file: string;
}

function inUse(directory: string, { pid, file }: Holder): Error {
  const [who, wayOut] =
    pid === process.pid
      ? ['open in this process already', 'Close the one that has it open']
      : [`in use by process ${pid}`, 'End that process'];
  return new Error(
    `The data directory ${directory} is ${who}: two at once would lose rows. ` +
      `${wayOut}, choose another directory, or remove ${file} if it is none of ours.`,
  );
}

/** Who else wishes to hold the directory, the first one in order, or holds it. */
async function takenBy(file: string, wish: string): Promise<Holder | undefined> {
  const wishes = (await readdir(dirname(file)))
    .map((name) => join(dirname(file), name))
    .filter((name) => name.startsWith(`${file}.`) && name !== wish);
  // A wish is taken away when its file is there, so the file is looked at last.
  for (const at of [...wishes.toSorted(inOrder), file]) {
    const pid = await holderOf(at);
    if (pid !== undefined) return { pid, file: at };
  }
  return undefined;
}

/** The order of wishes for one directory, the same for all who look. */
function inOrder(a: string, b: string): number {
  return a < b ? -1 : 1;
}

async function holderOf(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const [number, started] = text.split(' ');
  const pid = Number(number);
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  const stat = await statOf(pid);
  if (stat === undefined) return pid;
  // In a container a restarted process often has the number of the one before.
  if (pid === process.pid) return started === stat.started ? pid : undefined;
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
