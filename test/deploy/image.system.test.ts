import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { secret } from '../support/field-ops-process.ts';
import { build, contextOf, copyOf, type Stage, stagesOf } from './dockerfile.ts';
import { deploy, page, root } from './written-down.ts';

const { text } = await page(`${deploy}/Dockerfile`);
const stages = stagesOf(text);
const stage = (name: string): Stage => stages.find((each) => each.name === name) ?? expect.fail(`no stage "${name}"`);
const last = stage('');
const saying = (name: string) => last.instructions.findLast((instruction) => instruction.name === name)?.text ?? '';

/** What this machine needs to reach the registry of packages, which a machine that builds images is told in its own way. */
const reachesRegistry = /^(npm_config_registry|NODE_EXTRA_CA_CERTS|(https?|no)_proxy)$/i;

let image: string;
let database: FreshDatabase;
let environment: NodeJS.ProcessEnv;
beforeAll(async () => {
  image = await mkdtemp(join(tmpdir(), 'ekbaar-image-'));
  database = await freshDatabase();
  // Like `node:24-slim`: its `node` is the one on the path.
  const bin = join(image, 'bin');
  await build({ name: 'bin', instructions: [{ name: 'WORKDIR', text: '/bin' }] }, root, image, {});
  await symlink(process.execPath, join(bin, 'node'));
  await chmod(bin, 0o755);
  const { PATH, HOME } = process.env;
  const reaching = Object.entries(process.env).filter(([name]) => reachesRegistry.test(name));
  environment = { ...Object.fromEntries(reaching), PATH: `${bin}:${PATH}`, HOME };
  await build(stage('packages'), root, image, environment);
  const set = [...saying('ENV').matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [
    name,
    value.replaceAll('/app/', `${image}/app/`).replace('$PATH', environment['PATH'] ?? ''),
  ]);
  environment = {
    ...environment,
    ...Object.fromEntries(set),
    ...{ DATABASE_URL: database.url, EKBAAR_JWT_SECRET: secret, EKBAAR_DRAIN_SECONDS: '0', HOST: '127.0.0.1' },
  };
}, 300_000);
afterAll(async () => {
  await database?.drop();
  await rm(image, { recursive: true, force: true });
});

describe('the image', () => {
  test('copies what is there and what .dockerignore lets through', async () => {
    const takes = await contextOf(root);
    const copies = stages.flatMap(({ instructions }) => instructions.filter(({ name }) => name === 'COPY').map(copyOf));
    const sources = copies.filter(({ from }) => from === undefined).flatMap((each) => each.sources);
    expect(sources.length).toBeGreaterThan(15);
    expect(sources.filter((source) => !existsSync(join(root, source)) || !takes(source))).toEqual([]);
    // What must never be in one.
    expect(
      ['.git/config', 'test/deploy/dockerfile.ts', `${deploy}/.env`, 'sdk/node_modules/zod/index.js'].filter(takes),
    ).toEqual([]);
    for (const { from } of copies) expect(['', ...stages.map(({ name }) => name)]).toContain(from ?? '');
  });

  test('starts by its CMD, is healthy by its HEALTHCHECK, and ends by its STOPSIGNAL', async () => {
    const directory = join(image, saying('WORKDIR'));
    const port = String(await freePort());
    const env = { ...environment, PORT: port };
    const [program = '', ...args] = JSON.parse(saying('CMD')) as string[];
    const server = spawn(program, args, { cwd: directory, env, stdio: 'pipe' });
    let output = '';
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (said: Buffer) => (output += said.toString()));
    try {
      const ready = () =>
        fetch(`http://127.0.0.1:${port}/readyz`)
          .then(({ ok }) => ok)
          .catch(() => false);
      while (!(await ready())) {
        expect({ ended: server.exitCode, output }).toMatchObject({ ended: null });
        await sleep(100);
      }
      const [check = '', ...asked] = JSON.parse(/CMD (\[.*\])$/.exec(saying('HEALTHCHECK'))?.[1] ?? '[]') as string[];
      await promisify(execFile)(check, asked, { cwd: directory, env });
      expect((await fetch(`http://127.0.0.1:${port}/docs`)).status).toBe(200);
    } finally {
      const exited = once(server, 'exit');
      server.kill(saying('STOPSIGNAL') as NodeJS.Signals);
      await exited;
    }
    expect({ ended: server.exitCode, output }).toMatchObject({ ended: 0 });
  });

  test('has the `ekbaar` command, which finds the app and the database that the server has migrated', async () => {
    const directory = join(image, saying('WORKDIR'));
    const asked = promisify(execFile)('ekbaar', ['doctor', '--json'], { cwd: directory, env: environment });
    // It ends with 1: the tests' PostgreSQL runs without fsync.
    const { stdout } = await asked.catch((error: { stdout: string }) => error);
    const findings = JSON.parse(stdout) as { check: string; level: string }[];
    expect(findings.length).toBeGreaterThan(10);
    expect(findings.filter(({ level, check }) => level === 'problem' && check !== 'settings')).toEqual([]);
    expect(findings).toContainEqual(expect.objectContaining({ check: 'tracking', level: 'fine' }));
  });
});
