import { execFile } from 'node:child_process';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'drizzle-orm';
import { PgBoss } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PostgresServer, startPostgres, unprivilegedUser } from '../../../test/support/postgres.ts';
import { rowsOf } from './database.ts';
import { databaseFault } from './fault.ts';
import { isPooled } from './pooler-probe.ts';
import { postgresDatabase } from './postgres.ts';
import { whyUnusable } from './why-unusable.ts';

const run = promisify(execFile);
const canCertify = await run('openssl', ['version']).then(
  () => true,
  () => false,
);
if (!canCertify) console.warn('TLS to PostgreSQL is not tested: there is no openssl here');

describe.runIf(canCertify)('a database over TLS', () => {
  let directory: string;
  let server: PostgresServer;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ekbaar-tls-'));
    const user = unprivilegedUser();
    await certify('another');
    const key = await certify('ours');
    if (user !== undefined) await Promise.all([chown(key, user.uid, user.gid), chmod(directory, 0o755)]);
    server = await startPostgres({ settings: { ssl: 'on', ssl_cert_file: certificate('ours'), ssl_key_file: key } });
  });
  afterAll(async () => {
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const certificate = (name: string) => join(directory, `${name}.pem`);
  /** Signs itself, for the address and not for the name of this machine. */
  async function certify(name: string): Promise<string> {
    const key = join(directory, `${name}.key`);
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate(name)],
    ]);
    return key;
  }

  function addressed(host: string, query: string): string {
    const url = new URL(server.url);
    url.hostname = host;
    return `${url.href}?${query.replace(/sslrootcert=(\w+)/, (_, name: string) => `sslrootcert=${certificate(name)}`)}`;
  }

  type Pooler = 'transaction' | undefined;
  /** Whether the engine's connections and the outbox's are encrypted, or why there are none. */
  async function reached(host: string, query: string, pooler?: Pooler): Promise<readonly unknown[]> {
    const database = postgresDatabase(addressed(host, query), { pooler });
    const boss = new PgBoss({ ...database.pgBoss, schema: 'pgboss' });
    boss.on('error', () => {});
    const isEncrypted = sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
    const why = (error: Error) => (error.cause instanceof Error ? error.cause.message : error.message);
    try {
      return await Promise.all([
        rowsOf<{ ssl: boolean }>(database.db, isEncrypted).then(([row]) => row?.ssl, why),
        boss.start().then(async () => {
          const { rows } = await boss.getDb().executeSql('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
          return (rows as { ssl: boolean }[])[0]?.ssl;
        }, why),
      ]);
    } finally {
      await boss.stop({ graceful: false });
      await database.close();
    }
  }

  test.each<[string, string, Pooler?]>([
    ['127.0.0.1', 'sslmode=require'],
    ['127.0.0.1', 'sslmode=require&sslrootcert=ours'],
    ['localhost', 'sslmode=verify-ca&sslrootcert=ours'],
    ['127.0.0.1', 'sslmode=verify-full&sslrootcert=ours'],
    ['127.0.0.1', 'sslmode=verify-full&sslrootcert=ours', 'transaction'],
  ])('is reached at %s with %s (pooler: %s)', async (host, query, pooler) => {
    expect(await reached(host, query, pooler)).toEqual([true, true]);
  });

  const unknown = expect.stringContaining('self-signed certificate');
  test.each([
    ['127.0.0.1', 'sslmode=require&sslrootcert=another', unknown],
    ['127.0.0.1', 'sslmode=verify-ca&sslrootcert=another', unknown],
    ['127.0.0.1', 'sslmode=verify-full&sslrootcert=another', unknown],
    ['127.0.0.1', 'sslmode=verify-full', unknown],
    ['localhost', 'sslmode=verify-full&sslrootcert=ours', expect.stringContaining('does not match certificate')],
  ])('is not reached at %s with %s', async (host, query, why) => {
    expect(await reached(host, query)).toEqual([why, why]);
  });

  test.each([
    ['127.0.0.1', 'sslmode=verify-full'],
    ['localhost', 'sslmode=verify-full&sslrootcert=ours'],
  ])('is away, as any other that is not reached, at %s with %s', async (host, query) => {
    const database = postgresDatabase(addressed(host, query));
    const error: unknown = await database.db.execute(sql`select 1`).catch((thrown: unknown) => thrown);
    await database.close();
    expect(databaseFault(error)).toBe('unavailable');
    expect(whyUnusable(error)).toContain('; name the authority that signed it in sslrootcert');
  });

  test('is reached by who looks for a pooler, by the same url', async () => {
    const url = addressed('127.0.0.1', 'sslmode=verify-ca&sslrootcert=ours');
    expect(await isPooled(url)).toBe(false);
  });

  test('is reached without TLS where the url says so', async () => {
    expect(await reached('127.0.0.1', 'sslmode=disable')).toEqual([false, false]);
  });
});
