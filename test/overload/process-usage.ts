import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** CPU seconds that a process has used, all threads, user and system. */
export function cpuSeconds(pid: number): number {
  // The name, which may hold blanks, ends with the last parenthesis; utime and stime are the 12th and 13th field after it.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Mebibytes of memory that a process holds. */
export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** What a process used while something was done to it. */
export interface Usage {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The most it held at once, looked at ten times a second. */
  readonly peakMiB: number;
}

export async function usageOf<T>(pid: number, body: () => Promise<T>): Promise<{ value: T; usage: Usage }> {
  const began = performance.now();
  const cpu = cpuSeconds(pid);
  let peakMiB = residentMiB(pid);
  const look = setInterval(() => (peakMiB = Math.max(peakMiB, residentMiB(pid))), 100);
  try {
    const value = await body();
    peakMiB = Math.max(peakMiB, residentMiB(pid));
    return {
      value,
      usage: { seconds: (performance.now() - began) / 1000, cpuSeconds: cpuSeconds(pid) - cpu, peakMiB },
    };
  } finally {
    clearInterval(look);
  }
}
