import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { startGuarded } from './guarded-program.ts';

/** Says its process id, and that of a process that it has started. */
const family = 'sleep 600 & echo $$ $!; exec sleep 600';

/** One that has ended may wait to be collected (state Z). */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('all of a program ends when it is killed', async () => {
  const program = startGuarded('/bin/sh', ['-c', family]);
  const [line] = (await once(createInterface(program.stdout), 'line')) as [string];
  await program.kill();
  for (const pid of line.split(' ').map(Number)) await expect.poll(() => isRunning(pid)).toBe(false);
  await expect(program.ended).rejects.toThrow('/bin/sh ended');
});

test('and when the process that has started it is killed', async () => {
  const script = `
    import { startGuarded } from ${JSON.stringify(new URL('guarded-program.ts', import.meta.url).href)};
    startGuarded('/bin/sh', ['-c', ${JSON.stringify(family)}]).stdout.pipe(process.stdout);`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(starter.stdout), 'line')) as [string];
  starter.kill('SIGKILL');
  for (const pid of line.split(' ').map(Number)) await expect.poll(() => isRunning(pid)).toBe(false);
});
