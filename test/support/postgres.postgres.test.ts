import { existsSync, readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { describe, expect, test } from 'vitest';
import { freshDatabase, startPostgres } from './postgres.ts';

describe('freshDatabase', () => {
  test('gives each caller a database of its own, copied from a template', async () => {
    const original = await freshDatabase();
    const first = postgres(original.url, { max: 1 });
    await first`create table notes (body text)`;
    await first`insert into notes values ('kept')`;
    await first.end();

    const copy = await freshDatabase({ template: original.name });
    const second = postgres(copy.url, { max: 1, onnotice: () => {} });
    expect(await second`select body from notes`).toEqual([{ body: 'kept' }]);

    // Not ended before: drop() throws it out.
    await copy.drop();
    await original.drop();
    await second.end();
  });
});

describe('startPostgres', () => {
  test('a committed row survives kill() and start()', async () => {
    const server = await startPostgres({ fsync: true });
    try {
      const before = postgres(server.url, { max: 1 });
      await before`create table notes (body text)`;
      await before`insert into notes values ('kept')`;
      await server.kill();
      await before.end({ timeout: 0 });

      await server.start();
      const after = postgres(server.url, { max: 1 });
      expect(await after`select body from notes`).toEqual([{ body: 'kept' }]);
      await after.end();
    } finally {
      await server.stop();
    }
  });

  test('a setting that PostgreSQL refuses is reported with its log', async () => {
    await expect(startPostgres({ settings: { max_connections: 'many' } })).rejects.toThrow('max_connections');
  });

  test('nothing is left when the process that started it is killed', async () => {
    const module = JSON.stringify(new URL('postgres.ts', import.meta.url).href);
    const script = `
      const { startPostgres } = await import(${module});
      const server = await startPostgres();
      const { default: postgres } = await import(${JSON.stringify(import.meta.resolve('postgres'))});
      const sql = postgres(server.url, { max: 1 });
      const [row] = await sql\`show data_directory\`;
      console.log(row.data_directory);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [directory] = (await once(createInterface(child.stdout), 'line')) as [string];
    const pid = Number(readFileSync(`${directory}/postmaster.pid`, 'utf8').split('\n')[0]);
    child.kill('SIGKILL');
    while (existsSync(directory)) await sleep(50);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
