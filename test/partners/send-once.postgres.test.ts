import { fieldOpsServer } from '@ekbaar/field-ops/server';
import { type Database, openDatabase, type Server } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settleDead } from '../../examples/field-ops/src/server/jobs/dead-jobs.ts';
import {
  beginAttempt,
  closeMessage,
  findMessage,
  openMessage,
  reopenMessage,
} from '../../examples/field-ops/src/server/jobs/message-store.ts';
import { opsBoss } from '../../examples/field-ops/src/server/jobs/ops-boss.ts';
import type { Answer, Port } from '../../examples/field-ops/src/server/jobs/port.ts';
import { sendOnce } from '../../examples/field-ops/src/server/jobs/send-once.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

let pg: FreshDatabase;
let database: Database;
let server: Server;
let now = new Date('2026-11-22T10:00:00Z');

beforeAll(async () => {
  pg = await freshDatabase();
  database = await openDatabase({ url: pg.url });
  server = fieldOpsServer(database, { secret: crypto.randomUUID() });
  // Makes its tables.
  await server.start();
});
afterAll(async () => {
  await server.close();
  await pg.drop();
});

/** A message, and a port that answers as it is told (each order in turn) and notes what it was asked. */
async function situation(afterUnknown: Port<string>['afterUnknown'], act: Answer | Answer[], find?: Answer) {
  const { db } = database;
  const id = { tenant: 'pennco', id: crypto.randomUUID() };
  await openMessage(db, { ...id, channel: 'payout', recipient: 'fa_1', body: '{}' }, now);
  const asked: string[] = [];
  const port: Port<string> = {
    ...{ provider: 'bank', afterUnknown },
    act: (_request, { key }) => {
      asked.push(`act ${key === id.id}`);
      return Promise.resolve(Array.isArray(act) ? (act.shift() ?? done) : act);
    },
    ...(find === undefined
      ? {}
      : {
          find: () => {
            asked.push('find');
            return Promise.resolve(find);
          },
        }),
  };
  const log = { info: () => {}, error: () => {} };
  return {
    asked,
    /** What its job holds. */
    job: { tenant: id.tenant, messageId: id.id },
    status: async () => (await findMessage(db, id))?.status,
    /** What a worker leaves that dies in the middle. */
    die: () => beginAttempt(db, id, 'bank', now),
    reopen: () => reopenMessage(db, id, now),
    close: () => closeMessage(db, id, 'ops', 'gives it up', now),
    send: async (lastTry = false) => {
      const message = await findMessage(db, id);
      if (message === undefined) throw new Error('the message is there');
      const workshop = { db, clock: () => now, log, onAttempt: () => {} };
      return (await sendOnce(workshop, message, port, 'x', { signal: new AbortController().signal, lastTry })).verdict;
    },
  };
}

const done: Answer = { outcome: 'done', providerId: 'p1' };
const unknown: Answer = { outcome: 'unknown', detail: 'reset' };
const absent: Answer = { outcome: 'absent' };

test('after a worker has died, a bank is asked, and only what it has not got is done again', async () => {
  const there = await situation('ask', done, done);
  await there.die();
  expect([await there.send(), there.asked, await there.status()]).toEqual(['done', ['find'], 'sent']);
  const missing = await situation('ask', done, absent);
  await missing.die();
  expect([await missing.send(), missing.asked, await missing.status()]).toEqual(['done', ['find', 'act true'], 'sent']);
});

test('what cannot be found out is not done again', async () => {
  for (const silent of [unknown, { outcome: 'retry', detail: '429' }, { outcome: 'refused', detail: '400' }] as const) {
    const bank = await situation('ask', done, silent);
    await bank.die();
    expect([await bank.send(), bank.asked, await bank.status()]).toEqual(['later', ['find'], 'sending']);
    expect([await bank.send(true), await bank.status()]).toEqual(['dead', 'unknown']);
    expect(bank.asked).toEqual(['find', 'find']);
    // Ops retry it: money is asked about once more.
    await bank.reopen();
    expect([await bank.send(), bank.asked.at(-1)]).toEqual(['later', 'find']);
  }
});

test('money that was tried is asked about, whatever it has become since', async () => {
  const lost = await situation('ask', unknown, done);
  expect([await lost.send(true), await lost.status()]).toEqual(['dead', 'unknown']);
  await lost.close();
  expect([await lost.status(), await lost.reopen()]).toEqual(['closed', 'sending']);
  expect([await lost.send(), lost.asked]).toEqual(['done', ['act true', 'find']]);
  const refused = await situation('ask', { outcome: 'refused', detail: 'no' }, absent);
  await refused.send();
  expect([await refused.reopen(), await refused.send()]).toEqual(['sending', 'dead']);
  expect(refused.asked).toEqual(['act true', 'find', 'act true']);
  const untried = await situation('ask', done, absent);
  await untried.close();
  expect([await untried.reopen(), await untried.send(), untried.asked]).toEqual(['waiting', 'done', ['act true']]);
});

test('a line that broke is like a worker that died', async () => {
  const bank = await situation('ask', unknown, done);
  expect([await bank.send(), await bank.status()]).toEqual(['later', 'sending']);
  expect([await bank.send(), bank.asked, await bank.status()]).toEqual(['done', ['act true', 'find'], 'sent']);
});

test('a try that may still be at work is not forgotten for a no of the next one', async () => {
  const conflict: Answer = { outcome: 'retry', detail: 'HTTP 409', httpStatus: 409 };
  const busy: Answer = { outcome: 'retry', detail: 'HTTP 429', httpStatus: 429 };
  for (const no of [conflict, busy]) {
    const bank = await situation('ask', [unknown, no, no], absent);
    expect([await bank.send(), await bank.send(), await bank.status()]).toEqual(['later', 'later', 'sending']);
    expect([await bank.send(true), await bank.status()]).toEqual(['dead', 'unknown']);
    expect(bank.asked).toEqual(['act true', 'find', 'act true', 'find', 'act true']);
  }
  const first = await situation('ask', [conflict], done);
  expect([await first.send(), await first.status(), await first.send()]).toEqual(['later', 'sending', 'done']);
  expect(first.asked).toEqual(['act true', 'find']);
  // Who knows keys needs no question.
  const keyed = await situation('repeat', [conflict]);
  expect([await keyed.send(), await keyed.status(), await keyed.send()]).toEqual(['later', 'waiting', 'done']);
});

test('who knows keys gets the same again; who knows nothing is left alone', async () => {
  const keyed = await situation('repeat', done);
  await keyed.die();
  expect([await keyed.send(), keyed.asked]).toEqual(['done', ['act true']]);
  const blind = await situation('stop', done);
  await blind.die();
  expect([await blind.send(), blind.asked, await blind.status()]).toEqual(['later', [], 'sending']);
  now = new Date(now.getTime() + 31 * 60_000);
  expect([await blind.send(), blind.asked, await blind.status()]).toEqual(['dead', [], 'unknown']);
});

test('what is done stays done, and a no for now is tried again without a question', async () => {
  const bank = await situation('ask', done, absent);
  expect([await bank.send(), await bank.send(), bank.asked]).toEqual(['done', 'done', ['act true']]);
  const busy = await situation('ask', { outcome: 'retry', detail: '429' }, done);
  expect([await busy.send(), await busy.send(), busy.asked]).toEqual(['later', 'later', ['act true', 'act true']]);
  expect([await busy.send(true), await busy.status()]).toEqual(['dead', 'exhausted']);
});

test('a worker that dies in the last try leaves a dead letter, and its message says that nobody knows', async () => {
  const { db } = database;
  const bank = await situation('ask', done);
  const boss = opsBoss(database, () => {});
  try {
    const pgBoss = await boss.boss();
    await server.engine.enqueue(db, 'payment', [bank.job]);
    const [job] = await pgBoss.fetch('payment');
    expect(job?.data).toEqual(bank.job);
    await bank.die();
    // Its last try, which has taken too long: nobody is there who could say so.
    await db.execute(sql`update pgboss.job set retry_count = retry_limit, started_on = now() - interval '1 day',
      heartbeat_on = now() - interval '1 day' where id = ${job?.id}::uuid`);
    await pgBoss.supervise('payment');
    expect(await bank.status()).toBe('sending');
    expect(await settleDead(db, new Date())).toBe(1);
    expect(await bank.status()).toBe('unknown');
    // Sent again by hand, while the dead letter is still open: that is not over.
    now = new Date(Date.now() + 60_000);
    await bank.reopen();
    await settleDead(db, now);
    expect(await bank.status()).toBe('sending');
  } finally {
    await boss.close();
  }
});
