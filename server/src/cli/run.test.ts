import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './run.ts';

const names = ['migrate', 'doctor', 'track', 'untrack', 'epoch', 'dead-letters'];
/** Nobody listens there: what gets as far as the database ends with 1. */
const nowhere = 'postgres://somebody:verysecret@127.0.0.1:1/nothing';

/** A folder with a config of one collection, which needs nothing of ours. */
let app: string;
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'ekbaar-cli-'));
  const config = { model: { version: 1, collections: {}, mutations: {} }, tables: {}, mutators: {}, scopes: [] };
  await writeFile(join(app, 'ekbaar.config.mjs'), `export default ${JSON.stringify(config)};`);
  await writeFile(join(app, 'empty.mjs'), 'export default { model: {} };');
});
afterAll(() => rm(app, { recursive: true }));

async function ekbaar(args: readonly string[], environment: Record<string, string> = { DATABASE_URL: nowhere }) {
  const [out, note]: [string[], string[]] = [[], []];
  const code = await run(args, {
    environment,
    directory: app,
    clock: () => new Date(0),
    out: (text) => out.push(text),
    note: (text) => note.push(text),
  });
  return { code, out: out.join('\n'), note: note.join('\n') };
}

test('--help lists every command', async () => {
  const { code, out } = await ekbaar(['--help']);
  expect(code).toBe(0);
  for (const name of names) expect(out).toContain(`  ${name} `);
});

test.each(names)('%s --help says how, and what its options are', async (name) => {
  const { code, out } = await ekbaar([name, '--help']);
  expect(code).toBe(0);
  expect(out).toMatch(new RegExp(`^Usage: ekbaar ${name}`));
  expect(out).toContain('--database URL');
});

const key = '0197a000-0000-7000-8000-000000000001';

test.each([
  [['fly'], 'no command "fly"'],
  [['constructor'], 'no command "constructor"'],
  [['doctor', '--fast'], "'--fast'"],
  [['doctor', 'again'], '"again" is one word too many'],
  [['doctor', '--connections', 'many'], '--connections is a number'],
  [['doctor', '--database', 'mysql://here'], 'no postgres:// URL'],
  [['doctor', '--pooler', 'session'], '"session" is not known'],
  [['migrate', '--print'], '--print goes with --citus'],
  [['migrate', '--citus', '--pooler', 'transaction'], 'past the pooler'],
  [['migrate', '--config', 'nowhere.ts'], 'nowhere.ts is not there'],
  [['migrate', '--config', 'empty.mjs'], 'no default export of defineConfig'],
  [['track'], 'name the collections, or say --all'],
  [['track', 'agents', '--all'], 'name the collections, or say --all'],
  [['track', 'planets'], 'no collection "planets"'],
  [['track', '--all', '--triggers', 'none'], '"statement" or "row"'],
  [['untrack', '--yes'], 'the collection is missing'],
  [['untrack', 'deliveries'], 'say --yes'],
  [['epoch', 'new'], 'say --yes'],
  [['epoch', 'end'], 'neither "show" nor "new"'],
  [['dead-letters'], 'list, show, retry or close'],
  [['dead-letters', 'burn'], '"burn" is none of list, show, retry and close'],
  [['dead-letters', 'list'], '--tenant is missing'],
  [['dead-letters', 'list', '--tenant', 'pennco', '--limit', 'all'], '--limit is a number'],
  [['dead-letters', 'show', 'd0001', '--tenant', 'pennco'], '"d0001" is no key'],
  [['dead-letters', 'retry', key, '--tenant', 'pennco'], '--as is missing'],
  [['dead-letters', 'close', key, '--tenant', 'pennco', '--as', 'me'], '--reason is missing'],
])('%j is misused: says what is wrong and where help is, and ends with 2', async (args, says) => {
  const { code, out, note } = await ekbaar(args);
  expect(note).toContain(says);
  expect([code, out]).toEqual([2, '']);
});

test('no database named: says how to name one', async () => {
  expect(await ekbaar(['doctor'], {})).toMatchObject({
    code: 2,
    note: expect.stringContaining('set DATABASE_URL or give --database'),
  });
});

test('a database that is away: the reason, never the password', async () => {
  const { code, note } = await ekbaar(['epoch']);
  expect(note).toContain('the database at 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1; start PostgreSQL');
  expect(note).not.toContain('verysecret');
  expect(code).toBe(1);
});
