import { readdir, readFile } from 'node:fs/promises';

/** Linux counts CPU time in these ticks for every program, whatever the kernel's own are: `getconf CLK_TCK`. */
const ticksPerSecond = 100;

/** CPU seconds that a process and all processes below it have used, ended children included. */
export async function cpuSeconds(root: number): Promise<number> {
  const processes = new Map<number, { parent: number; ticks: number }>();
  await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        const facts = await statOf(name);
        if (facts !== undefined) processes.set(Number(name), facts);
      }),
  );
  const below = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 0; at = processes.get(at)?.parent) {
      if (at === root) return true;
    }
    return false;
  };
  let ticks = 0;
  for (const [pid, facts] of processes) if (below(pid)) ticks += facts.ticks;
  return ticks / ticksPerSecond;
}

async function statOf(pid: string): Promise<{ parent: number; ticks: number } | undefined> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // ended meanwhile
  }
  // The program's name is in brackets and may hold anything; proc_pid_stat(5) numbers the fields from 1.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return { parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) };
}
