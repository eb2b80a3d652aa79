import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { deploy, page, root } from './written-down.ts';

/**
 * Stands in for Docker: notes what it is asked for, and fails where FAIL, a pattern, fits. A backup is the text `backup`, and
 * whoever checks one wants to read it.
 */
const standIn = `#!/bin/sh
shift 3
echo "$*" | tr '\\n' ' ' >>"$CALLS"; echo >>"$CALLS"
case "$*" in *pg_verifybackup*) [ "$(cat)" = backup ] || exit 1 ;; esac
if [ -n "$FAIL" ] && echo "$*" | grep -qE "$FAIL"; then exit 1; fi
case "$*" in *pg_basebackup*) printf backup ;; esac
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ekbaar-deploy-'));
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin/docker'), standIn);
  await chmod(join(folder, 'bin/docker'), 0o755);
  for (const name of ['backup.sh', 'restore.sh', 'upgrade.sh']) await cp(join(root, deploy, name), join(folder, name));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs a script; gives its exit code and what Docker was asked for, each by its first telling words. */
async function run(script: string, args: string[] = [], environment: Record<string, string> = {}) {
  const calls = join(folder, 'calls');
  await writeFile(calls, '');
  const env = {
    ...process.env,
    ...{ PATH: [join(folder, 'bin'), process.env['PATH']].join(delimiter), CALLS: calls, FAIL: '', TRIES: '2' },
    ...environment,
  };
  const code = await new Promise((resolve) => {
    execFile(join(folder, script), args, { env }, (error) => resolve(error === null ? 0 : error.code));
  });
  const asked = (await readFile(calls, 'utf8')).split('\n').filter((line) => line !== '');
  return { code, asked: asked.map(told) };
}

const words: [RegExp, string][] = [
  [/pg_basebackup/, 'take'],
  [/new=.PGDATA\.restored/, 'unpack beside'],
  [/mv "\$PGDATA"/, 'swap'],
  [/tar xzf/, 'check'],
  [/readyz/, 'ready?'],
];
const told = (call: string) => words.find(([pattern]) => pattern.test(call))?.[1] ?? call.trim();
const files = async () => (await readdir(join(folder, 'backups'))).toSorted();

describe('backup.sh', () => {
  test('takes a backup, checks it, and only then calls it one', async () => {
    expect(await run('backup.sh')).toEqual({ code: 0, asked: ['take', 'check'] });
    expect(await files()).toEqual([expect.stringMatching(/^field-ops-\d{8}T\d{6}Z\.tar\.gz$/)]);
  });

  test.each(['pg_basebackup', 'pg_verifybackup'])('leaves nothing that looks like one when %s fails', async (FAIL) => {
    expect((await run('backup.sh', [], { FAIL })).code).not.toBe(0);
    expect(await files()).toEqual([]);
  });

  test('keeps the newest, and no file that is not its own', async () => {
    await mkdir(join(folder, 'backups'));
    for (const name of ['field-ops-20260101T000000Z.tar.gz', 'field-ops-20260102T000000Z.tar.gz', 'notes.txt'])
      await writeFile(join(folder, 'backups', name), '');
    expect((await run('backup.sh', [], { KEEP: '2' })).code).toBe(0);
    const left = await files();
    expect(left).toHaveLength(3);
    expect(left).toContain('field-ops-20260102T000000Z.tar.gz');
    expect(left).toContain('notes.txt');
  });
});

describe('restore.sh', () => {
  const steps = [
    ...['unpack beside', 'stop nginx node1 node2 worker pgbouncer postgres', 'swap', 'up -d --wait postgres'],
    ...['run --rm -T migrate ekbaar epoch new --yes', 'run --rm -T migrate ekbaar migrate'],
    ...['run --rm -T migrate ekbaar doctor', 'up -d --wait'],
  ];

  test('unpacks, stops everything, swaps, names the new history, migrates, and starts', async () => {
    await writeFile(join(folder, 'file'), 'backup');
    expect(await run('restore.sh', [join(folder, 'file'), '--yes'])).toEqual({ code: 0, asked: steps });
  });

  test('stops nothing for a file that is none, and starts no node when the history got no name', async () => {
    await writeFile(join(folder, 'file'), 'something else');
    expect(await run('restore.sh', [join(folder, 'file'), '--yes'])).toEqual({ code: 1, asked: ['unpack beside'] });
    await writeFile(join(folder, 'file'), 'backup');
    expect(await run('restore.sh', [join(folder, 'file'), '--yes'], { FAIL: 'epoch' })).toEqual({
      code: 1,
      asked: steps.slice(0, 5),
    });
  });

  test('does nothing without a file and a yes', async () => {
    await writeFile(join(folder, 'file'), 'backup');
    for (const args of [[], [join(folder, 'file')], [join(folder, 'none'), '--yes']])
      expect(await run('restore.sh', args)).toEqual({ code: 2, asked: [] });
  });

  test('stops every service of compose.yaml but the one that runs to its end', async () => {
    const { services } = parse((await page(`${deploy}/compose.yaml`)).text, { merge: true }) as { services: object };
    const stopped = steps[1]?.split(' ').slice(1) ?? [];
    expect(stopped.toSorted()).toEqual(
      Object.keys(services)
        .filter((name) => name !== 'migrate')
        .toSorted(),
    );
  });
});

describe('upgrade.sh', () => {
  const node = (name: string) => [`up -d --no-deps ${name}`, 'ready?', 'exec -T nginx nginx -s reload'];
  const begin = ['build migrate pgbouncer', 'run --rm -T migrate'];

  test('migrates, then one node after the other, then the worker', async () => {
    const asked = [...begin, ...node('node1'), ...node('node2'), 'up -d --no-deps worker'];
    expect(await run('upgrade.sh')).toEqual({ code: 0, asked });
  });

  test('touches no node when the migration fails, and not the second when the first does not get ready', async () => {
    expect(await run('upgrade.sh', [], { FAIL: 'rm -T migrate' })).toEqual({ code: 1, asked: begin });
    expect(await run('upgrade.sh', [], { FAIL: 'readyz' })).toEqual({
      code: 1,
      asked: [...begin, 'up -d --no-deps node1', 'ready?', 'ready?'],
    });
  });
});
