import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ekbaar } from '../cli/ekbaar-command.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';

/** Name → value of `postgresql.conf`. */
const settings = Object.fromEntries(
  (await readFile(join(import.meta.dirname, '../../examples/field-ops/deploy/postgresql.conf'), 'utf8'))
    .split('\n')
    .map((line) => /^(\w+) = (.*)$/.exec(line))
    .flatMap((match) => (match ? [[match[1] ?? '', match[2]?.replaceAll("'", '') ?? ''] as const] : [])),
);
/** What this machine, or the embedded PostgreSQL, cannot give. */
const here = { listen_addresses: '127.0.0.1', shared_buffers: '64MB', wal_compression: 'pglz' };

let server: PostgresServer;
beforeAll(async () => {
  expect(Object.keys(settings).length).toBeGreaterThan(30);
  server = await startPostgres({ fsync: true, settings: { ...settings, ...here } });
});
afterAll(() => server?.stop());

test('PostgreSQL starts with the settings of the deployment, and the doctor has nothing against them', async () => {
  const { url } = await server.freshDatabase();
  expect(await ekbaar(url, ['migrate'])).toMatchObject({ code: 0 });
  const { code, out } = await ekbaar(url, ['doctor', '--connections', '20', '--json']);
  const findings = JSON.parse(out) as { check: string; level: string }[];
  expect(findings.filter(({ level }) => level === 'problem' || level === 'warning')).toEqual([]);
  expect(findings).toContainEqual(expect.objectContaining({ check: 'settings', level: 'fine' }));
  expect(code).toBe(0);
});
