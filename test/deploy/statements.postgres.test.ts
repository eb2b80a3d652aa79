import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ekbaar } from '../cli/ekbaar-command.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { docs } from './written-down.ts';

/** Everything that a page tells somebody to ask the database, or to set of the engine's tables. */
const statements = docs.flatMap(({ path, text }) => {
  const blocks = [...text.matchAll(/```sql\n(.*?)```/gs)].flatMap(([, block = '']) =>
    block.replaceAll(/--.*$/gm, '').split(';'),
  );
  const prose = text.replaceAll(/```\w*\n.*?```/gs, '');
  const inline = [...prose.matchAll(/`(select [^`]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline]
    .map((statement) => statement.replaceAll(/\s+/g, ' ').trim())
    .filter((statement) => /^(select|alter table sync)\b/i.test(statement))
    .map((statement) => ({ path, statement }));
});

/** What only makes sense on another server: a standby that becomes the primary, an extension, a placeholder, a cluster. */
const elsewhere = /pg_promote|pg_last_wal|pg_stat_statements|\(PID\)|create_reference_table/;

let database: FreshDatabase;
let sql: postgres.Sql;
beforeAll(async () => {
  database = await freshDatabase();
  expect(await ekbaar(database.url, ['migrate'])).toMatchObject({ code: 0 });
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

describe('statements that the pages tell somebody to run', () => {
  test('there are some', () => expect(statements.length).toBeGreaterThan(12));

  test.each(statements.filter(({ statement }) => !elsewhere.test(statement)))(
    '$path: $statement',
    async ({ statement }) => {
      await expect(sql.unsafe(statement)).resolves.toBeDefined();
    },
  );
});
