import { expect, test } from 'vitest';
import { postgresDatabase } from '../db/postgres.ts';
import { pgBossOutbox } from './pg-boss-outbox.ts';

test('a server with queues says what is wrong with a url of several hosts, which the outbox cannot reach', async () => {
  const database = postgresDatabase(
    'postgres://ekbaar:secret@db1:5432,db2:5433/ekbaar?target_session_attrs=read-write',
  );
  expect(() => pgBossOutbox(database, ['sms'], () => {})).toThrow('is reached at one host');
  await expect(pgBossOutbox(database, [], () => {}).start()).resolves.toBeUndefined();
  await database.close();
});
