import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDirectory } from './directory-lock.ts';

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'ekbaar-lock-'));
});

afterEach(() => rm(place, { recursive: true }));

test('a directory that a living process holds is refused, by name', async () => {
  const directory = join(place, 'data');
  // The process that started this one is alive and is another.
  await writeFile(`${directory}.lock`, String(process.ppid));
  await expect(lockDirectory(directory, 0)).rejects.toThrow(`in use by process ${process.ppid}`);
});

test('one that this process holds is refused too, until it lets go', async () => {
  const directory = join(place, 'data');
  const unlock = await lockDirectory(directory);
  await expect(lockDirectory(directory, 0)).rejects.toThrow(
    `The data directory ${directory} is open in this process already: two at once would lose rows. Close the one`,
  );
  const next = lockDirectory(directory);
  await unlock();
  await (
    await next
  )();
  expect(await readdir(place)).toEqual([]);
});

test('of several openings at once in one process, one gets the directory', async () => {
  const directory = join(place, 'data');
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(directory, 500)));
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await readdir(place)).toEqual(['data.lock']);
});

test.runIf(process.platform === 'linux')(
  'what a killed process left behind that had the number of this one does not count',
  async () => {
    const directory = join(place, 'data');
    for (const left of [`${process.pid} 1`, String(process.pid)]) {
      await writeFile(`${directory}.lock`, left);
      await (
        await lockDirectory(directory, 0)
      )();
    }
    expect(await readdir(place)).toEqual([]);
  },
);

test('what a killed process left behind does not count, and closing lets go', async () => {
  const directory = join(place, 'deep', 'data');
  const unlock = await lockDirectory(directory);
  await unlock();
  expect(await readdir(join(place, 'deep'))).toEqual([]);
  // No process has a number that high: Linux stops at 2^22.
  await writeFile(`${directory}.lock`, '99999999');
  await (
    await lockDirectory(directory, 0)
  )();
});

test.runIf(process.platform === 'linux')('nor does one that was killed and that nobody has asked after', async () => {
  const directory = join(place, 'data');
  // The shell becomes a sleep, which never asks how the child of the shell has ended.
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    await expect.poll(() => readFile(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n');
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => readFile(`/proc/${pid}/stat`, 'utf8')).toMatch(/^\d+ \(\w+\) Z /);
    await writeFile(`${directory}.lock`, String(pid));
    await (
      await lockDirectory(directory, 0)
    )();
  } finally {
    parent.kill('SIGKILL');
  }
});

test.runIf(process.platform === 'linux')('nor one whose number another process has got since', async () => {
  const directory = join(place, 'data');
  await writeFile(`${directory}.lock`, `${process.ppid} 1`);
  await (
    await lockDirectory(directory, 0)
  )();

  const unlock = await lockDirectory(directory);
  const [pid, started] = (await readFile(`${directory}.lock`, 'utf8')).split(' ');
  expect(Number(pid)).toBe(process.pid);
  // Later than the one that started it.
  const ofParent = (await readFile(`/proc/${process.ppid}/stat`, 'utf8')).split(' ').slice(-31)[0];
  expect(Number(started)).toBeGreaterThanOrEqual(Number(ofParent));
  await unlock();

  await writeFile(`${directory}.lock`, `${process.ppid} ${ofParent}`);
  await expect(lockDirectory(directory, 0)).rejects.toThrow(`in use by process ${process.ppid}`);
});

test('who is just going is waited for', async () => {
  const directory = join(place, 'data');
  const holder = spawn('sleep', ['0.5']);
  await writeFile(`${directory}.lock`, String(holder.pid));
  await (
    await lockDirectory(directory)
  )();
  expect(holder.exitCode).toBe(0);
});

test('of several that find what a killed process left behind at once, one gets the directory', async () => {
  const directories = Array.from({ length: 30 }, (_, at) => join(place, `data${at}`));
  for (const directory of directories) await writeFile(`${directory}.lock`, '99999999');
  // Each holds what it got until its input ends.
  const script = `
    import { lockDirectory } from ${JSON.stringify(new URL('directory-lock.ts', import.meta.url))};
    process.stdin.once('data', async () => {
      const tries = ${JSON.stringify(directories)}.map((directory) => lockDirectory(directory).then(() => [directory], () => []));
      console.log(JSON.stringify((await Promise.all(tries)).flat()));
    });
    console.log('ready');`;
  const starters = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  try {
    const lines = starters.map(({ stdout }) => createInterface(stdout)[Symbol.asyncIterator]());
    await Promise.all(lines.map((line) => line.next()));
    for (const { stdin } of starters) stdin.write('\n');
    const held = await Promise.all(
      lines.map(async (line) => JSON.parse(String((await line.next()).value)) as string[]),
    );
    expect(held.flat().toSorted()).toEqual(directories.toSorted());
    expect((await readdir(place)).toSorted()).toEqual(directories.map((_, at) => `data${at}.lock`).toSorted());
  } finally {
    for (const starter of starters) starter.kill('SIGKILL');
  }
});
