import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { freshDatabase } from '../support/postgres.ts';
import { root } from './written-down.ts';

const taken = createServer();
let folder: string;
let takenPort: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ekbaar-settings-'));
  await writeFile(join(folder, 'file'), '');
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  takenPort = String((taken.address() as { port: number }).port);
});
afterAll(async () => {
  taken.close();
  await rm(folder, { recursive: true, force: true });
});

/** What a program of the operation says when it cannot start. */
async function refusalOf(program: 'main.ts' | 'worker.ts', environment: Record<string, string>): Promise<string> {
  const started = spawn(process.execPath, [join(root, 'examples/field-ops/src/server', program)], {
    env: { ...process.env, EKBAAR_DATA_DIR: join(folder, 'data'), EKBAAR_SEED: 'none', ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const [said, [code]] = await Promise.all([text(started.stderr), once(started, 'exit')]);
    expect([said, code]).toEqual([said, 1]);
    return said;
  } finally {
    started.kill('SIGKILL');
  }
}

test('a port that is taken', async () => {
  expect(await refusalOf('main.ts', { PORT: takenPort })).toContain('Error: PORT: listen EADDRINUSE');
});

test('an address that is not ours', async () => {
  expect(await refusalOf('main.ts', { HOST: '999.1.1.1', PORT: '0' })).toContain('Error: HOST: ');
});

test('a directory that cannot be one', async () => {
  for (const EKBAAR_DATA_DIR of [join(folder, 'file/data'), join(folder, 'file')])
    expect(await refusalOf('main.ts', { EKBAAR_DATA_DIR })).toContain('Error: EKBAAR_DATA_DIR: ');
});

test('a database that is not there, that lets nobody in, or that has not what is asked for', async () => {
  const database = await freshDatabase();
  try {
    const [password, name] = [new URL(database.url), new URL(database.url)];
    password.password = 's3cret';
    name.pathname = '/nothing';
    const nowhere = `postgres://someone:s3cret@127.0.0.1:${await freePort()}/x`;
    for (const url of [password.href, name.href, nowhere]) {
      const said = await refusalOf('main.ts', { DATABASE_URL: url });
      expect(said).toContain('Error: DATABASE_URL: ');
      expect(said).not.toContain('s3cret');
    }
    const worker = { DATABASE_URL: database.url, EKBAAR_WORKER_PORT: takenPort };
    expect(await refusalOf('worker.ts', worker)).toContain('Error: EKBAAR_WORKER_PORT: listen EADDRINUSE');
  } finally {
    await database.drop();
  }
});

test('ranges of addresses that are none', async () => {
  const said = await refusalOf('main.ts', { EKBAAR_OUTGOING_ALLOWED: '10.0.0.0/' });
  expect(said).toContain('EKBAAR_OUTGOING_ALLOWED: "10.0.0.0/" is no range');
});
