import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { root } from './written-down.ts';

/** Stands in for Node: builds nothing, and is a server until it is told to end. */
const standIn = `#!/bin/sh
case "$1" in *main.ts) echo $$ >server; trap 'echo ended >end; exit 0' TERM; while :; do sleep 0.1; done ;; esac
`;

/** Stands in for npx, on a machine that knows of older packages only, or of all. */
const npx = (knows: 'older' | 'all') => `#!/bin/sh
echo "$*" >>asked
case "$*" in *--prefer-offline*) [ ${knows} = all ] ;; esac
`;

test.each([
  ['all', [true]],
  ['older', [true, false]],
] as const)(
  'what it installs with is looked for on this machine, which knows %s, before a network is waited for',
  async (knows, offline) => {
    const folder = await mkdtemp(join(tmpdir(), 'ekbaar-setup-'));
    try {
      await writeFile(
        join(folder, 'package.json'),
        JSON.stringify({ scripts: { setup: (await scriptsOfRoot()).setup } }),
      );
      await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
      await writeFile(join(folder, 'node_modules/.bin/npx'), npx(knows), { mode: 0o755 });
      const npm = spawn('npm', ['run', 'setup'], { cwd: folder, stdio: 'ignore' });
      expect(await once(npm, 'exit')).toEqual([0, null]);
      const asked = (await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n');
      expect(asked.map((line) => line.includes('--prefer-offline'))).toEqual(offline);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);

test('who ends `npm start` ends the server, in good order', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ekbaar-start-'));
  try {
    const { start } = await scriptsOfRoot();
    await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts: { setup: 'true', start } }));
    await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
    await writeFile(join(folder, 'node_modules/.bin/node'), standIn);
    await chmod(join(folder, 'node_modules/.bin/node'), 0o755);
    const npm = spawn('npm', ['start'], { cwd: folder, stdio: 'ignore' });
    const text = (name: string) => readFile(join(folder, name), 'utf8').catch(() => '');
    while ((await text('server')) === '') {
      expect(npm.exitCode).toBeNull();
      await sleep(50);
    }
    const exited = once(npm, 'exit');
    npm.kill('SIGTERM');
    await exited;
    await expect.poll(() => text('end'), { timeout: 10_000 }).toBe('ended\n');
  } finally {
    const server = Number(await readFile(join(folder, 'server'), 'utf8').catch(() => 0));
    try {
      if (server > 0) process.kill(server, 'SIGKILL');
    } catch {
      // It has ended.
    }
    await rm(folder, { recursive: true, force: true });
  }
});

async function scriptsOfRoot(): Promise<{ setup: string; start: string }> {
  const text = await readFile(join(root, 'package.json'), 'utf8');
  return (JSON.parse(text) as { scripts: { setup: string; start: string } }).scripts;
}
