import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { ekbaar } from './ekbaar-command.ts';

let database: FreshDatabase;
let sql: postgres.Sql;
beforeAll(async () => {
  database = await freshDatabase();
  sql = postgres(database.url, { max: 2, onnotice: () => {} });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const run = (...args: string[]) => ekbaar(database.url, args);
const names = ['migrate', 'doctor', 'track', 'untrack', 'epoch', 'dead-letters'];

describe('the command line', () => {
  test('without a command, or with --help: what there is', async () => {
    const [bare, help] = await Promise.all([run(), run('--help')]);
    expect([bare.code, help.code]).toEqual([2, 0]);
    for (const name of names) expect(help.out).toContain(`  ${name} `);
  });

  test('a misused one ends with 2', async () => {
    expect(await run('fly')).toMatchObject({ code: 2, out: '', note: expect.stringContaining('no command "fly"') });
  });

  test('no database named, and one that is not there: says so, never the password', async () => {
    const none = await ekbaar(undefined, ['doctor']);
    expect(none).toMatchObject({ code: 2, out: '' });
    expect(none.note).toContain('set DATABASE_URL or give --database');
    const away = await ekbaar('postgres://somebody:verysecret@127.0.0.1:1/nothing', ['epoch']);
    expect(away).toMatchObject({ code: 1, out: '' });
    expect(away.note).toMatch(/the database at 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1; start PostgreSQL.*\n$/);
    expect(away.note).not.toContain('verysecret');
  });
});

describe('migrate, track, untrack and epoch', () => {
  test('before the first migration the others say what to do first', async () => {
    for (const args of [['epoch'], ['track', '--all'], ['untrack', 'deliveries', '--yes']]) {
      const { code, note } = await run(...args);
      expect(note).toContain('run ekbaar migrate first');
      expect(code).toBe(1);
    }
  });

  test('migrate makes everything, twice at once and once more', async () => {
    const both = await Promise.all([run('migrate'), run('migrate')]);
    for (const { code, out, note } of [...both, await run('migrate')]) {
      expect([code, note]).toEqual([0, '']);
      expect(out).toContain('4 collections tracked');
    }
    const tracked = await sql`select collection from sync.tracked where definition <> 'built in' order by 1`;
    expect(tracked.map(({ collection }) => String(collection))).toEqual([
      ...['agentPositions', 'agents', 'deliveries', 'disbursements'],
    ]);
    expect(await sql`select name from pgboss.queue where name in ('sms', 'mfi-webhook')`).toHaveLength(2);
  });

  test('migrate --citus without Citus says what to install, and --print prints nothing that it would not do', async () => {
    for (const args of [
      ['migrate', '--citus'],
      ['migrate', '--citus', '--print'],
    ]) {
      const { code, note, out } = await run(...args);
      expect(note).toContain('CREATE EXTENSION citus');
      expect([code, out]).toEqual([1, '']);
    }
  });

  test('untrack lets the rows leave the phones, and track brings them back', async () => {
    await sql`insert into agents select 'pennco', 'a' || n, 'N', '+91', 'IN-BR-01', true from generate_series(1, 1500) n`;
    expect(await run('track', 'agents')).toMatchObject({ code: 0 });
    await sql`select sync.publish('pennco', null, 100000)`;
    const onPhones = async () =>
      Number((await sql`select count(*) from sync.changes where collection = 'agents' and tag <> 0`)[0]?.['count']);
    expect(await onPhones()).toBe(3000);
    const untracked = await run('untrack', 'agents', '--yes');
    expect(untracked).toMatchObject({ code: 0, out: expect.stringContaining('agents is tracked no more') });
    expect(await onPhones()).toBe(0);
    expect(await sql`select from pg_trigger where tgrelid = 'agents'::regclass and not tgisinternal`).toHaveLength(0);
    expect(await sql`select from agents`).toHaveLength(1500);
    expect(await run('untrack', 'agents', '--yes')).toMatchObject({
      code: 1,
      note: expect.stringContaining('No collection "agents" is tracked'),
    });

    const tracked = await run('track', 'agents');
    expect(tracked).toMatchObject({ code: 0, out: expect.stringContaining('agents is tracked') });
    await sql`select sync.publish('pennco', null, 100000)`;
    expect(await onPhones()).toBe(3000);
  });

  test('track --again marks every row once more', async () => {
    expect(await sql`select from sync.dirty`).toHaveLength(0);
    expect(await run('track', 'agents')).toMatchObject({ code: 0 });
    expect(await sql`select from sync.dirty`).toHaveLength(0);
    expect(await run('track', 'agents', '--again')).toMatchObject({ code: 0 });
    expect(await sql`select from sync.dirty`).toHaveLength(1500);
    await sql`select sync.publish('pennco', null, 100000)`;
  });

  test('epoch shows and renews it', async () => {
    const before = await run('epoch', 'show');
    expect(before).toMatchObject({ code: 0 });
    const renewed = await run('epoch', 'new', '--yes', '--json');
    expect(renewed.code).toBe(0);
    const answer = JSON.parse(renewed.out) as { epoch: string; before: string };
    expect(answer.before).toBe(before.out.trim());
    expect(answer.epoch).not.toBe(answer.before);
    expect((await run('epoch')).out.trim()).toBe(answer.epoch);
  });
});
