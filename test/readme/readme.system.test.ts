import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Delta } from '@ekbaar/sdk/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOpsProcess, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

const root = join(import.meta.dirname, '../..');
const readme = await readFile(join(root, 'README.md'), 'utf8');

let database: FreshDatabase;
let server: FieldOpsProcess;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startFieldOpsProcess(await freePort(), { DATABASE_URL: database.url, EKBAAR_SEED_DELIVERIES: '30' });
});

afterAll(async () => {
  await server.stop();
  await database.drop();
});

test('the curl of the README pulls rows', async () => {
  const commands = /```sh\n(TOKEN=[^`]*)```/.exec(readme)?.[1] ?? '';
  expect(commands).toContain('/v1/pull');
  const { stdout } = await promisify(execFile)('bash', [
    '-c',
    commands.replaceAll('http://127.0.0.1:8787', server.url),
  ]);
  const { changes, more } = Delta.parse(JSON.parse(stdout));
  expect(changes).toHaveLength(2);
  expect(more).toBe(true);
});
