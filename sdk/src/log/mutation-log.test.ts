import { expect, test, vi } from 'vitest';
import type { OwnCommit } from '../commit.ts';
import { deferred } from '../deferred.ts';
import { noProgress, putMeta, takeUpIdentity } from '../store/meta.ts';
import { memoryStore } from '../store/memory/index.ts';
import type { Mode } from '../store/store.ts';
import { smallDisk } from '../testing/small-disk.ts';
import { wrapStore } from '../testing/wrap-store.ts';
import { readLog } from '../tabs/catch-up.ts';
import type { LogEntry } from './entry.ts';
import { MutationLog } from './mutation-log.ts';

/** A log on a store that counts its transactions, can be held up, and can be full. */
async function logOnDisk() {
  const inner = await memoryStore()('log');
  const identity = await inner.transaction(['meta'], 'durable', (tx) => takeUpIdentity(tx, 1, () => 'c_test'));
  const modes: Mode[] = [];
  const disk = { full: false, gate: Promise.resolve() };
  const store = wrapStore(inner, async (tables, mode, body) => {
    modes.push(mode);
    await disk.gate;
    return inner.transaction(tables, mode, async (tx) => {
      const result = await body(tx);
      // Full: it turns out only when the transaction is to be committed.
      if (disk.full && mode !== 'read') throw new DOMException('no room', 'QuotaExceededError');
      return result;
    });
  });
  const told = vi.fn<(commit: OwnCommit) => void>();
  const start = { ...(await readLog(inner)), identity };
  const signedOut = vi.fn<() => void>();
  const log: MutationLog = new MutationLog(store, start, {
    committed: (commit) => {
      log.absorb(commit);
      log.announce(commit.entries);
      told(commit);
    },
    newClientId: () => 'c_fresh',
    thinOf: () => undefined,
    signedOut,
  });
  return { log, disk, modes, inner, told };
}

const draft = (key: string) => ({ key, name: 'note', args: { key }, at: '2026-11-22T10:00:00.000Z', model: 1 });
const drafts = (count: number, from = 0) => Array.from({ length: count }, (_, at) => draft(`k${from + at}`));

test('calls made together share one durable transaction, with ids in the order of the calls', async () => {
  const { log, modes } = await logOnDisk();
  const saved = await Promise.all(drafts(50).map((one) => log.append(one)));
  expect(modes).toEqual(['durable']);
  expect(saved.map(({ id, key }) => `${id} ${key}`)).toEqual(drafts(50).map(({ key }, at) => `${at + 1} ${key}`));
});

test('nothing is called saved before its own transaction is through', async () => {
  const { log, disk, modes } = await logOnDisk();
  const gate = deferred<void>();
  disk.gate = gate.promise;
  const order: string[] = [];
  const first = log.append(draft('first')).then(() => order.push('first'));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const later = drafts(3).map((one) => log.append(one).then(({ key }) => order.push(key)));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(order).toEqual([]);
  expect(log.entries).toEqual([]);
  gate.resolve();
  await Promise.all([first, ...later]);
  expect(order).toEqual(['first', 'k0', 'k1', 'k2']);
  expect(modes).toEqual(['durable', 'durable']);
});

test('what resolved is on disk, and what the disk refused is nowhere', async () => {
  const { log, disk, inner } = await logOnDisk();
  await log.append(draft('kept'));
  disk.full = true;
  const refused = await Promise.allSettled(drafts(2).map((one) => log.append(one)));
  for (const { status } of refused) expect(status).toBe('rejected');
  await expect(log.append(draft('x'))).rejects.toMatchObject({
    code: 'not_saved',
    cause: { name: 'QuotaExceededError' },
  });
  disk.full = false;
  const after = await log.append(draft('after'));
  expect(after.id).toBe(2);
  const { entries, identity } = await readLog(inner);
  expect(entries.map(({ key }) => key)).toEqual(['kept', 'after']);
  expect(log.entries).toEqual(entries);
  expect(identity).toMatchObject({ lastId: 2, lastSeq: 2 });
});

/** A log beside three rows, on a disk of so much room. */
async function smallStore(options: { room: number; reserved?: number; deletingFrees?: boolean }) {
  const disk = memoryStore();
  const [inner, store] = [await disk('small'), await smallDisk(disk, options).store('small')];
  await store.reserve?.hold();
  const identity = await inner.transaction(['meta'], 'durable', (tx) => takeUpIdentity(tx, 1, () => 'c_test'));
  await store.transaction(['rows', 'meta'], 'durable', async (tx) => {
    for (const id of ['r1', 'r2', 'r3'])
      await tx.put('rows', ['c', id], { collection: 'c', id, row: { id }, scopes: { s: 1 } });
    await putMeta(tx, 'scopes', { s: { rows: 3, sum: 3, version: 1 } });
    await putMeta(tx, 'progress', { ...noProgress, cursor: 'c1', lastSyncedAt: '2026-11-22T10:00:00.000Z' });
  });
  const told = vi.fn<(commit: OwnCommit) => void>();
  const log: MutationLog = new MutationLog(
    store,
    { ...(await readLog(inner)), identity },
    {
      committed: (commit) => {
        log.absorb(commit);
        told(commit);
      },
      newClientId: () => 'c_fresh',
      thinOf: () => undefined,
      signedOut: () => {},
    },
  );
  const rowsLeft = () => inner.transaction(['rows'], 'read', async (tx) => (await tx.list('rows')).length);
  return { log, told, rowsLeft, inner };
}

test('on a full disk the reserve goes first, then the rows, and only then a mutation is refused', async () => {
  const { log, told, rowsLeft, inner } = await smallStore({ room: 4, reserved: 1 });
  await log.append(draft('in the reserve'));
  expect(await rowsLeft()).toBe(3);
  await log.append(draft('in place of rows'));
  expect(await rowsLeft()).toBe(0);
  // Whoever hears of it reads everything again, and the next sync asks for everything.
  expect(told.mock.calls.map(([{ follows }]) => follows)).toContain(-1);
  const { progress, scopes } = await readLog(inner);
  expect([progress.cursor, progress.lastSyncedAt, scopes]).toEqual([null, null, {}]);
  await Promise.all([log.append(draft('c')), log.append(draft('d'))]);
  await expect(log.append(draft('e'))).rejects.toMatchObject({ code: 'not_saved', cause: { code: 'store_full' } });
  expect((await readLog(inner)).entries).toHaveLength(4);
});

test('rows stay where their going makes no room', async () => {
  const { log, rowsLeft } = await smallStore({ room: 3, deletingFrees: false });
  await expect(log.append(draft('a'))).rejects.toMatchObject({ code: 'not_saved' });
  expect(await rowsLeft()).toBe(3);
});

test('a store that does not know how its commit ended runs again: nothing is written twice', async () => {
  const { inner, log: first } = await logOnDisk();
  await first.append(draft('before'));
  const store = wrapStore(inner, async (tables, mode, body) => {
    await inner.transaction(tables, mode, body);
    return inner.transaction(tables, mode, body);
  });
  const log: MutationLog = new MutationLog(
    store,
    { ...(await readLog(inner)), identity: first.identity },
    {
      committed: (commit) => log.absorb(commit),
      newClientId: () => 'c_fresh',
      thinOf: () => undefined,
      signedOut: () => {},
    },
  );
  const saved = await Promise.all(drafts(2).map((one) => log.append(one)));
  expect(saved.map(({ id, key }) => `${id} ${key}`)).toEqual(['2 k0', '3 k1']);
  const refused = { ...saved[0], receipt: { status: 'rejected', error: { code: 'no', message: 'no' } }, settledAt: 0 };
  await inner.transaction(['log'], 'write', (tx) => tx.put('log', 2, refused));
  log.absorb({ entries: [refused as LogEntry] });
  expect(await log.replace(refused as LogEntry, draft('again'), false)).toMatchObject({ id: 4, key: 'again' });
  const { entries, identity } = await readLog(inner);
  expect(entries.map(({ key }) => key)).toEqual(['before', 'k0', 'k1', 'again']);
  expect(identity).toMatchObject({ lastId: 4, lastSeq: 4 });
});

test('close waits for the writes under way', async () => {
  const { log, inner } = await logOnDisk();
  const saved = drafts(3).map((one) => log.append(one));
  await log.close();
  expect((await readLog(inner)).entries).toHaveLength(3);
  await Promise.all(saved);
});

test('whatever those throw who are told, what is saved is saved, and the next is written', async () => {
  const { log, told } = await logOnDisk();
  told.mockImplementationOnce(() => {
    throw new Error('planted');
  });
  expect((await log.append(draft('first'))).id).toBe(1);
  expect((await log.append(draft('second'))).id).toBe(2);
  await log.close();
});

test('every change on disk is one revision, and says which it follows', async () => {
  const { log, told, inner } = await logOnDisk();
  await log.append(draft('a'));
  const { entries } = await readLog(inner);
  const refused = {
    ...entries[0],
    receipt: { status: 'rejected', error: { code: 'no', message: 'no' } },
    settledAt: 0,
  };
  const progress = { ...log.progress, covered: 1 };
  await inner.transaction(['log', 'meta'], 'write', async (tx) => {
    await tx.put('log', 1, refused);
    await tx.put('meta', 'progress', progress);
  });
  log.absorb({ entries: [refused as LogEntry], progress });
  await log.dismiss('a');
  await log.sweep(1);
  expect(log.entries).toEqual([]);
  expect(told.mock.calls.map(([{ follows, progress }]) => [follows, progress.revision])).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
  ]);
  expect((await readLog(inner)).progress.revision).toBe(3);
});

test('who waits for an outcome hears that the log was closed', async () => {
  const { log } = await logOnDisk();
  await log.append(draft('a'));
  const [waited] = await Promise.allSettled([log.outcome('a'), log.close()]);
  expect(waited).toMatchObject({ status: 'rejected', reason: { code: 'closed' } });
  await expect(log.outcome('a')).rejects.toMatchObject({ code: 'closed' });
});

test('after the storage was cleared, memory is written back under a fresh client id, and the next is saved', async () => {
  const { log, inner } = await logOnDisk();
  await Promise.all(drafts(2).map((one) => log.append(one)));
  await inner.transaction(['log', 'meta'], 'write', async (tx) => {
    for (const key of [1, 2]) await tx.delete('log', key);
    for (const key of ['identity', 'progress']) await tx.delete('meta', key);
  });
  expect(await log.append(draft('after'))).toMatchObject({ id: 3, seq: 3 });
  const { identity, entries, progress } = await readLog(inner);
  expect(identity).toEqual({ store: 'c_test', clientId: 'c_fresh', lastId: 3, lastSeq: 3, model: 1 });
  expect(entries.map(({ id, key }) => [id, key])).toEqual([
    [1, 'k0'],
    [2, 'k1'],
    [3, 'after'],
  ]);
  expect(progress).toMatchObject({ cursor: null, covered: 0, head: 1 });
  await log.restore();
  expect((await readLog(inner)).identity).toEqual(identity);
});
