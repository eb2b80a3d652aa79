import { beforeEach, expect, test } from 'vitest';
import { MutationLog } from '../log/mutation-log.ts';
import type { SyncResponse } from '../protocol/index.ts';
import { putMeta, takeUpIdentity } from '../store/meta.ts';
import { memoryStore } from '../store/memory/index.ts';
import type { Store } from '../store/store.ts';
import { readLog } from '../tabs/catch-up.ts';
import { applyAnswer } from './apply-answer.ts';
import { type Round, takeRound } from './round.ts';

let store: Store;
const newId = () => 'c_second0';
const start = async () => {
  const identity = await store.transaction(['meta'], 'durable', (tx) => takeUpIdentity(tx, 1, () => 'c_first00'));
  return { ...(await readLog(store)), identity };
};
const openLog = async () => {
  const hooks = { newClientId: newId, thinOf: () => undefined, signedOut: () => {} };
  const log: MutationLog = new MutationLog(store, await start(), {
    ...hooks,
    committed: (commit) => log.absorb(commit),
  });
  return log;
};
beforeEach(async () => {
  store = await memoryStore()('apply');
  const log = await openLog();
  await Promise.all(['k1', 'k2', 'k3'].map((key) => log.append({ key, name: 'n', args: {}, at: 'then', model: 1 })));
});

const withRoom: MutationLog['withRoom'] = (write) => write({});

async function take(batch = 50): Promise<Round> {
  const round = await takeRound(store, {
    request: 'r',
    sentAt: 'now',
    model: 1,
    page: () => 10,
    batch,
    diverged: [],
    log: { own: {}, withRoom, leaving: (entry) => entry },
  });
  if (!round) throw new Error('no identity on disk');
  return round;
}

function answer(cursor: string, receipts: number[], row: string): SyncResponse {
  return {
    request: 'r',
    serverTime: 'now',
    receipts: receipts.map((id) => ({ id, key: `k${id}`, status: 'applied', replayed: false })),
    stopped: null,
    delta: {
      lastMutationId: receipts.length,
      changes: [{ scope: 's', collection: 'c', id: row, version: 1, tag: 7, row: { id: row } }],
      scopes: { s: { version: 1 } },
      reset: [],
      dropped: [],
      cursor,
      more: false,
    },
  };
}

const options = {
  now: 0,
  newClientId: newId,
  memory: {
    log: { find: () => undefined, withRoom },
    indexesOf: () => [],
    journalAt: () => undefined,
    show: () => {},
    takeBack: async () => true,
  },
  room: true,
};
const apply = (round: Round, response: SyncResponse) => applyAnswer(store, round, response, options);
const rows = async () =>
  (await store.transaction(['rows'], 'read', (tx) => tx.list('rows'))).map((row) => (row as { id: string }).id);
const settled = async () => (await readLog(store)).entries.filter(({ receipt }) => receipt).map(({ key }) => key);

test('receipts, rows and cursor are written together, and ack follows', async () => {
  expect(await apply(await take(), answer('one', [1, 2], 'a'))).toMatchObject({
    overtaken: false,
    settled: 2,
    moved: true,
  });
  expect([await settled(), await rows()]).toEqual([['k1', 'k2'], ['a']]);
  const { request, sent } = await take();
  expect([request.ack, request.cursor, sent.map(({ id }) => id)]).toEqual([2, 'one', [3]]);
});

test('an answer to an older cursor brings its receipts, but not its rows', async () => {
  const slow = await take();
  await apply(await take(0), answer('one', [], 'a'));
  expect(await apply(slow, answer('two', [1], 'b'))).toMatchObject({ overtaken: true, settled: 1 });
  expect([await settled(), await rows()]).toEqual([['k1'], ['a']]);
  expect((await readLog(store)).progress).toMatchObject({ cursor: 'one', covered: 0 });
});

test('an answer to another client id brings nothing: its receipts come again, by their keys', async () => {
  const slow = await take();
  const { identity } = await start();
  await store.transaction(['meta'], 'write', (tx) => putMeta(tx, 'identity', { ...identity, clientId: 'c_other00' }));
  expect(await apply(slow, answer('two', [1], 'b'))).toMatchObject({ commit: undefined, overtaken: true });
  expect([await settled(), await rows()]).toEqual([[], []]);
});

test('a crash in the middle of an answer leaves nothing of it', async () => {
  const round = await take();
  const broken: Store = {
    ...store,
    transaction: (tables, mode, body) =>
      store.transaction(tables, mode, (tx) =>
        body({
          ...tx,
          put: (table, key, value) =>
            table === 'meta' && key === 'progress' ? Promise.reject(new Error('battery')) : tx.put(table, key, value),
        }),
      ),
  };
  const before = await readLog(store);
  await expect(applyAnswer(broken, round, answer('one', [1, 2, 3], 'a'), options)).rejects.toThrow('battery');
  expect(await readLog(store)).toEqual(before);
  expect(await rows()).toEqual([]);
});

test('a request never holds more than its bytes, and never nothing', async () => {
  const log = await openLog();
  const args = { text: 'x'.repeat(250_000) };
  await Promise.all(['k4', 'k5', 'k6', 'k7'].map((key) => log.append({ key, name: 'n', args, at: 'then', model: 1 })));
  const { request } = await take();
  expect(request.mutations.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(JSON.stringify(request).length).toBeLessThan(900_000);
});
