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

test('who ends `npm start` ends the server, in good order', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ekbaar-start-'));
  try {
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      scripts: { start: string };
    };
    await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts: { setup: 'true', start: scripts.start } }));
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
