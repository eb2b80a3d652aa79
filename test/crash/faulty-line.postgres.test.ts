import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import type { Fault } from './fault.ts';
import { FaultyLine } from './faulty-line.ts';

let database: FreshDatabase;
let admin: Sql;

beforeAll(async () => {
  database = await freshDatabase();
  admin = postgres(database.url, { max: 1, onnotice: () => {} });
  await admin`create table notes (id int primary key)`;
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

describe.each([true, false])('sessions are kept: %s', (keepsSessions) => {
  /** Has the statement `text` fail, the second of those that look like it. */
  async function failing(fault: Fault, text: string, run: (sql: Sql) => Promise<unknown>) {
    await admin`truncate notes`;
    const line = await FaultyLine.start(database.url, admin, keepsSessions);
    const open = () => postgres(line.url, { max: 1, onnotice: () => {}, connection: { application_name: 'ekbaar' } });
    const [sql, another] = [open(), open()];
    let code: unknown;
    let next: unknown;
    let times = 0;
    await line.watching(
      (point) => (point.text.startsWith(text) && point.step === 'run' && ++times === 2 ? fault : undefined),
      async () => {
        code = await run(sql).catch((error: { code: unknown }) => error.code);
        next = await another`select 1 as one`.then(
          () => 'goes on',
          (error: { code: unknown }) => error.code,
        );
      },
    );
    await Promise.all([sql.end({ timeout: 0.2 }), another.end({ timeout: 0.2 })]);
    await line.close();
    return { code, next, ids: (await admin`select id from notes order by id`).map(({ id }) => Number(id)) };
  }
  /** Alone, and each of them a transaction. */
  const two = async (sql: Sql) => {
    for (const id of [1, 2]) await sql`insert into notes values (${id})`;
  };

  test('a statement that is not sent does nothing', async () => {
    const { code, ids } = await failing('not sent', 'insert', two);
    expect(code).toBe('CONNECTION_CLOSED');
    expect(ids).toEqual([1]);
  });

  test('a statement whose answer is lost is done', async () => {
    const { code, ids } = await failing('answer lost', 'insert', two);
    expect(code).toBe('CONNECTION_CLOSED');
    expect(ids).toEqual([1, 2]);
  });

  test.each(['40001', '40P01', '57014'] as const)(
    '%s refuses the statement, and the connection goes on',
    async (fault) => {
      expect(await failing(fault, 'insert', two)).toEqual({ code: fault, next: 'goes on', ids: [1] });
    },
  );

  test('57P01 ends the session, and another one opens', async () => {
    expect(await failing('57P01', 'insert', two)).toEqual({ code: 'CONNECTION_CLOSED', next: 'goes on', ids: [1] });
  });

  test('53300 ends the session, and the next one is refused', async () => {
    expect(await failing('53300', 'insert', two)).toEqual({ code: 'CONNECTION_CLOSED', next: '53300', ids: [1] });
  });

  test('in a transaction, a refused statement leaves it as failed as PostgreSQL does', async () => {
    const inTransaction = async (sql: Sql) => {
      await sql.unsafe('begin');
      await sql`insert into notes values (1)`;
      await sql`insert into notes values (2)`.catch(() => {});
      await sql`insert into notes values (3)`;
    };
    expect(await failing('40001', 'insert', inTransaction)).toMatchObject({ code: '25P02', ids: [] });
  });

  test('statements that were sent in one go fail one by one', async () => {
    const flight = (sql: Sql) =>
      sql.begin(async (tx) => {
        await tx`insert into notes values (1)`;
        const all = [2, 3, 4].map((id) => tx.unsafe(`insert into notes values (${id})`));
        const settled = await Promise.allSettled(all);
        throw Object.assign(new Error(), { code: settled.map(({ status }) => status).join() });
      });
    const { code } = await failing('40P01', 'insert', flight);
    expect(code).toBe('rejected,rejected,rejected');
  });
});
