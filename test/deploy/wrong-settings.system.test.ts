import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import postgres from 'postgres';
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
    for (const [url, wayOut] of [
      [password.href, '; correct user and password'],
      [name.href, '; create that database, or correct its name'],
      [nowhere, '; start PostgreSQL there, or correct host and port'],
    ] as const) {
      const said = await refusalOf('main.ts', { DATABASE_URL: url });
      expect(said).toMatch(new RegExp(`Error: DATABASE_URL: .*${wayOut}\n`));
      expect(said).not.toContain('s3cret');
    }
    const worker = { DATABASE_URL: database.url, EKBAAR_WORKER_PORT: takenPort };
    expect(await refusalOf('worker.ts', worker)).toContain('Error: EKBAAR_WORKER_PORT: listen EADDRINUSE');
  } finally {
    await database.drop();
  }
});

test('a database that is there and takes no session, or none that may make the tables', async () => {
  const [database, closed] = [await freshDatabase(), await freshDatabase()];
  const admin = postgres(database.url, { max: 1, onnotice: () => {} });
  const names = Array.from({ length: 2 }, () => `r${crypto.randomUUID().replaceAll('-', '')}`);
  const [full = '', poor = ''] = names;
  const as = (user: string, query = '') => {
    const url = new URL(database.url);
    [url.username, url.password, url.search] = [user, 's3cret', query];
    return { DATABASE_URL: url.href };
  };
  try {
    await admin.unsafe(`create role ${full} login password 's3cret' connection limit 0`);
    await admin.unsafe(`create role ${poor} login password 's3cret'`);
    const refusals: [environment: Record<string, string>, said: string][] = [
      [as(full), 'DATABASE_URL: too many connections for role .*; end sessions, let nodes keep fewer'],
      [as(poor), 'DATABASE_URL: permission denied for .*; give its user the right'],
      [as(poor, '?sslmode=verify-full&sslrootcert=/none'), 'DATABASE_URL: ENOENT'],
      [
        { ...as(poor), DATABASE_REPLICA_URL: as(poor, '?sslmode=verify-ca&sslrootcert=/none').DATABASE_URL },
        'DATABASE_REPLICA_URL: ENOENT',
      ],
    ];
    for (const [environment, expected] of refusals) {
      const said = await refusalOf('main.ts', environment);
      expect(said).toMatch(new RegExp(`Error: ${expected}`));
      expect(said).not.toContain('s3cret');
    }
    await admin.unsafe(`alter database ${closed.name} allow_connections false`);
    expect(await refusalOf('main.ts', { DATABASE_URL: closed.url })).toContain('; let it: ALTER DATABASE');
  } finally {
    for (const name of names) await admin.unsafe(`drop role if exists ${name}`);
    await admin.end();
    await Promise.all([database.drop(), closed.drop()]);
  }
});

test('ranges of addresses that are none', async () => {
  const said = await refusalOf('main.ts', { EKBAAR_OUTGOING_ALLOWED: '10.0.0.0/' });
  expect(said).toContain('EKBAAR_OUTGOING_ALLOWED: "10.0.0.0/" is no range');
});
