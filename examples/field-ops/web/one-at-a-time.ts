import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const lookAgainMs = 200;

/** Runs `work` while no other process runs its own under the same lock file; one that died with it does not count. */
export async function oneAtATime<T>(lockFile: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const lock = await open(lockFile, 'wx');
      await lock.writeFile(String(process.pid));
      await lock.close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(lockFile, 'utf8').catch(() => ''));
    // Empty for a moment: its owner is about to write its number.
    if (owner > 0 && !isAlive(owner)) await rm(lockFile, { force: true });
    else await sleep(lookAgainMs);
  }
  try {
    return await work();
  } finally {
    await rm(lockFile, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
