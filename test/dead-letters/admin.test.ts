import { AuditPage, DeadLetterPage, ReceiptHistory, ReceiptPage, RecordedReceipt } from '@ekbaar/sdk/protocol/admin';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { device } from '../protocol/device.ts';
import { problemIn } from '../protocol/problem.ts';
import { bury, type NotesServer, startNotes } from './notes-server.ts';

let notes: NotesServer;
let writer: string;
let ops: string;
beforeAll(async () => {
  notes = await startNotes();
  writer = await notes.token('w1', 'writer', 'pennco', { branch: 'Gaya' });
  ops = await notes.token('olga', 'ops');
});
beforeEach(() => {
  notes.inTheMiddle = () => {};
});
afterAll(() => notes.stop());

const id = () => crypto.randomUUID();
const bodyOf = async (note: string) =>
  (await notes.rows<{ body: string }>(sql`select body from notes where id = ${note}`)).map(({ body }) => body);
const history = async (key: string) => ReceiptHistory.parse((await notes.get(`/v1/admin/receipts/${key}`, ops)).body);
const failing = () => {
  throw new Error('the bug is still there');
};

describe('dead letters', () => {
  test('are listed with who, what, when, and of what they died', async () => {
    const phone = device(notes, writer);
    const args = { id: id(), body: 'lost' };
    const key = await bury(notes, phone, args);
    const { deadLetters } = DeadLetterPage.parse((await notes.get('/v1/admin/dead-letters?limit=500', ops)).body);
    expect(deadLetters.find((letter) => letter.key === key)).toMatchObject({
      ...{ key, name: 'write', args, actor: 'w1', role: 'writer', clientId: phone.clientId, mutationId: 1, model: 1 },
      ...{ status: 'dead', error: { code: 'halted' }, clockErrorMs: 0, tries: 2, lastError: 'Error: a bug of the app' },
      ...{ retriedAt: null, closedAt: null, closeReason: null },
      ...{ deviceAt: expect.any(String), serverAt: expect.any(String), lastTriedAt: expect.any(String) },
    });
  });

  test('never show the token’s claims', async () => {
    const key = await bury(notes, device(notes, writer), { id: id(), body: 'lost' });
    const answers = [
      await notes.get('/v1/admin/dead-letters?limit=500', ops),
      await notes.get(`/v1/admin/receipts/${key}`, ops),
    ];
    for (const { text, headers } of answers) {
      expect(text).toContain(key);
      expect(text).not.toContain('Gaya');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  test('are listed page by page, the oldest first, each once, also when they came in one millisecond', async () => {
    const phone = device(notes, writer);
    const mutations = phone.next(...Array.from({ length: 5 }, () => ({ name: 'unheard_of' })));
    await phone.sync({ mutations });
    const seen: string[] = [];
    let cursor: string | null = '';
    do {
      const path: string = `/v1/admin/dead-letters?name=unheard_of&limit=2&cursor=${cursor}`;
      const page: DeadLetterPage = DeadLetterPage.parse((await notes.get(path, ops)).body);
      expect(page.deadLetters.length).toBeLessThanOrEqual(2);
      seen.push(...page.deadLetters.map(({ key }) => key));
      cursor = page.next;
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual(mutations.map(({ key }) => key).toSorted());
  });
});

describe('a retry', () => {
  test('runs it again under its key, as its actor with the claims of then, and leaves the list', async () => {
    const note = id();
    const key = await bury(notes, device(notes, writer), { id: note, body: 'saved' });
    const answer = await notes.retry(ops, key);
    expect(answer.status).toBe(200);
    expect(RecordedReceipt.parse(answer.body)).toMatchObject({
      key,
      status: 'applied',
      result: { length: 5 },
      actor: 'w1',
    });
    expect(RecordedReceipt.parse(answer.body).error).toBeUndefined();
    expect(await bodyOf(note)).toEqual(['saved at Gaya']);
    const { receipt, audit } = await history(key);
    expect(receipt).toMatchObject({ status: 'applied', retriedAt: expect.any(String), tries: 0 });
    expect(audit).toMatchObject([
      { actor: 'olga', action: 'dead_letter.retried', subject: key, details: { from: 'dead', to: 'applied' } },
    ]);
    expect((await notes.get('/v1/admin/dead-letters?limit=500', ops)).text).not.toContain(key);
  });

  test('is answered to the phone from then on, which gets its first answer otherwise', async () => {
    const phone = device(notes, writer);
    const key = await bury(notes, phone, { id: id(), body: 'saved' });
    const again = { id: 1, key, name: 'write', args: {}, at: '2026-11-22T10:00:00Z', model: 1 };
    const { receipt } = await history(key);
    const send = () => phone.sync({ mutations: [{ ...again, args: receipt.args }] });
    expect((await send()).receipts).toMatchObject([{ status: 'dead', replayed: true }]);
    await notes.retry(ops, key);
    expect((await send()).receipts).toMatchObject([{ status: 'applied', result: { length: 5 }, replayed: true }]);
  });

  test('that the business refuses ends rejected, and nothing of it stays', async () => {
    const note = id();
    const key = await bury(notes, device(notes, writer), { id: note, body: 'second' });
    await device(notes, writer).mutate({ name: 'write', args: { id: note, body: 'first' } });
    const answer = await notes.retry(ops, key);
    expect(RecordedReceipt.parse(answer.body)).toMatchObject({ status: 'rejected', error: { code: 'taken' } });
    expect(await bodyOf(note)).toEqual(['first at Gaya']);
    expect((await history(key)).audit).toMatchObject([{ details: { from: 'dead', to: 'rejected' } }]);
  });

  test('uses up the business key: what was done meanwhile by somebody else is already_done', async () => {
    const key = await bury(notes, device(notes, writer), { id: id(), body: 'once A' });
    const other = await bury(notes, device(notes, writer), { id: id(), body: 'once A' });
    notes.passMinutes(90);
    const { body } = await notes.retry(ops, key);
    expect(body).toMatchObject({ status: 'applied' });
    // When it took effect, not when it died.
    const refused = {
      status: 'rejected',
      error: { code: 'already_done', details: { at: RecordedReceipt.parse(body).retriedAt } },
    };
    notes.passMinutes(5);
    expect((await notes.retry(ops, other)).body).toMatchObject(refused);
    const later = device(notes, writer);
    expect(await later.mutate({ name: 'write', args: { id: id(), body: 'once A' } })).toMatchObject(refused);
  });

  test('that throws again stays dead: told, counted, audited without a customer’s data', async () => {
    const note = id();
    const key = await bury(notes, device(notes, writer), { id: note, body: 'canary-8812' });
    notes.inTheMiddle = failing;
    const problem = problemIn(await notes.retry(ops, key));
    expect(problem.code).toBe('still_dead');
    expect(problem.detail).toContain('the bug is still there');
    expect(await bodyOf(note)).toEqual([]);
    const { receipt, audit } = await history(key);
    expect(receipt).toMatchObject({
      status: 'dead',
      retriedAt: null,
      tries: 3,
      lastError: 'Error: the bug is still there',
    });
    expect(audit).toMatchObject([
      { action: 'dead_letter.retry_failed', actor: 'olga', details: { error: 'Error: the bug is still there' } },
    ]);
    expect(JSON.stringify(audit)).not.toContain('canary-8812');
    expect(notes.logged()).not.toContain('canary-8812');
    // Ops find the bug, and try once more.
    notes.inTheMiddle = () => {};
    expect((await notes.retry(ops, key)).status).toBe(200);
    expect((await history(key)).audit.map(({ action }) => action)).toEqual([
      'dead_letter.retry_failed',
      'dead_letter.retried',
    ]);
  });

  test('of what is not dead, or no more, is 409 and says what it is; nothing runs', async () => {
    const note = id();
    const { key } = await device(notes, writer).mutate({ name: 'write', args: { id: note, body: 'fine' } });
    const refused = problemIn(await notes.retry(ops, key));
    expect([refused.code, refused.detail]).toEqual(['not_dead', expect.stringContaining('applied')]);
    const dead = await bury(notes, device(notes, writer), { id: id(), body: 'twice' });
    expect((await notes.retry(ops, dead)).status).toBe(200);
    expect(problemIn(await notes.retry(ops, dead.toUpperCase())).code).toBe('not_dead');
    expect((await history(dead)).audit).toHaveLength(1);
  });

  test('of a mutation that the model did not know runs with the release that does', async () => {
    const phone = device(notes, writer);
    const note = id();
    const { key, ...receipt } = await phone.mutate({ name: 'sign', args: { id: note } });
    expect(receipt).toMatchObject({ status: 'dead', error: { code: 'unknown_mutation' } });
    expect(problemIn(await notes.retry(ops, key)).code).toBe('still_dead');
    const later = await startNotes({ beside: notes, later: true });
    expect(RecordedReceipt.parse((await later.retry(ops, key)).body)).toMatchObject({ status: 'applied' });
    await later.stop();
    expect(await bodyOf(note)).toEqual(['signed']);
  });

  test('of what came over REST, without a log', async () => {
    const [note, key] = [id(), id()];
    const send = () => notes.post('/v1/mutations/sign', writer, { id: note }, { 'idempotency-key': key });
    expect((await send()).status).toBe(202);
    const later = await startNotes({ beside: notes, later: true });
    expect((await later.retry(ops, key)).body).toMatchObject({ status: 'applied', clientId: null, mutationId: null });
    await later.stop();
    expect((await send()).status).toBe(200);
  });

  test('of args that the database could not hold says so', async () => {
    const phone = device(notes, writer);
    const { key, status } = await phone.mutate({ name: 'sign', args: { id: 'a\0b' } });
    expect(status).toBe('dead');
    const later = await startNotes({ beside: notes, later: true });
    const answer = await later.retry(ops, key);
    await later.stop();
    expect(answer.body).toMatchObject({ status: 'rejected', error: { code: 'invalid_args' } });
  });
});

describe('closing', () => {
  test('keeps it dead, with the reason, and out of the list', async () => {
    const key = await bury(notes, device(notes, writer), { id: id(), body: 'settled by hand' });
    const answer = await notes.close(ops, key, '  paid at the branch  ');
    expect(RecordedReceipt.parse(answer.body)).toMatchObject({ status: 'dead', closeReason: 'paid at the branch' });
    expect((await history(key)).audit).toMatchObject([
      {
        action: 'dead_letter.closed',
        actor: 'olga',
        details: { reason: 'paid at the branch', tries: 2, error: 'Error: a bug of the app' },
      },
    ]);
    expect((await notes.get('/v1/admin/dead-letters?limit=500', ops)).text).not.toContain(key);
    expect(problemIn(await notes.close(ops, key, 'again')).code).toBe('not_dead');
    expect(problemIn(await notes.retry(ops, key)).code).toBe('not_dead');
    expect((await history(key)).receipt.closeReason).toBe('paid at the branch');
  });

  test.for([undefined, '', '   ', 'x'.repeat(501), 'a\0b', 7])(
    'without a proper reason (%j) closes nothing',
    async (reason) => {
      const key = await bury(notes, device(notes, writer), { id: id(), body: 'open' });
      expect(problemIn(await notes.close(ops, key, reason)).code).toBe('malformed');
      expect((await history(key)).receipt.closedAt).toBeNull();
    },
  );
});

describe('the audit log', () => {
  test('is every receipt, the newest first, by actor, name, status and time', async () => {
    const token = await notes.token('w-audit', 'writer');
    const phone = device(notes, token);
    const from = Date.parse((await phone.sync()).serverTime);
    await phone.mutate({ name: 'write', args: { id: id(), body: 'one' } });
    notes.passMinutes(60);
    const taken = await phone.mutate({ name: 'write', args: { id: 'the-same', body: 'two' } });
    notes.passMinutes(60);
    await phone.mutate({ name: 'write', args: { id: 'the-same', body: 'three' } });
    const ask = async (query: string) =>
      ReceiptPage.parse((await notes.get(`/v1/admin/receipts?actor=w-audit${query}`, ops)).body).receipts;
    expect((await ask('')).map(({ mutationId, args }) => [mutationId, (args as { body: string }).body])).toEqual([
      [3, 'three'],
      [2, 'two'],
      [1, 'one'],
    ]);
    expect((await ask('&status=rejected')).map(({ mutationId }) => mutationId)).toEqual([3]);
    expect(await ask('&name=ping')).toEqual([]);
    const at = (minutes: number) => encodeURIComponent(new Date(from + minutes * 60_000).toISOString());
    expect((await ask(`&from=${at(30)}&to=${at(90)}`)).map(({ key }) => key)).toEqual([taken.key]);
    expect((await ask(`&from=${at(60)}&to=${at(120)}`)).map(({ key }) => key)).toEqual([taken.key]);
  });

  test('notes how wrong the device’s clock was', async () => {
    const phone = device(notes, await notes.token('w-clock', 'writer'));
    const { serverTime } = await phone.sync();
    const sentAt = new Date(Date.parse(serverTime) + 90_000).toISOString();
    const at = new Date(Date.parse(serverTime) - 3_600_000).toISOString();
    const mutations = phone.next({ name: 'write', args: { id: id(), body: 'late' }, at });
    await phone.sync({ sentAt, mutations });
    const { receipts } = ReceiptPage.parse((await notes.get('/v1/admin/receipts?actor=w-clock', ops)).body);
    expect(receipts).toMatchObject([{ clockErrorMs: 90_000, deviceAt: at, serverAt: serverTime }]);
  });

  test('is paged to its end, with receipts of one moment each once', async () => {
    const token = await notes.token('w-pages', 'writer');
    const phone = device(notes, token);
    const drafts = Array.from({ length: 7 }, (_, nth) => ({ name: 'write', args: { id: id(), body: `${nth}` } }));
    const mutations = phone.next(...drafts);
    await phone.sync({ mutations });
    const seen: string[] = [];
    let cursor: string | null = '';
    do {
      const path: string = `/v1/admin/receipts?actor=w-pages&limit=3&cursor=${cursor}`;
      const page: ReceiptPage = ReceiptPage.parse((await notes.get(path, ops)).body);
      seen.push(...page.receipts.map(({ key }) => key));
      cursor = page.next;
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual(mutations.map(({ key }) => key).toSorted());
  });

  test('of what was done by hand is paged too, by subject or whole', async () => {
    const keys: string[] = [];
    for (const body of ['a', 'b', 'c']) {
      const key = await bury(notes, device(notes, writer), { id: id(), body });
      await notes.close(ops, key, body);
      keys.push(key);
    }
    const ask = async (query: string) => AuditPage.parse((await notes.get(`/v1/admin/audit?${query}`, ops)).body);
    const first = await ask('limit=2');
    expect(first.entries.map(({ subject }) => subject)).toEqual([keys[2], keys[1]]);
    expect((await ask(`limit=1&cursor=${first.next}`)).entries.map(({ subject }) => subject)).toEqual([keys[0]]);
    expect((await ask(`subject=${keys[1]?.toUpperCase()}`)).entries).toMatchObject([{ details: { reason: 'b' } }]);
  });

  test.for([
    'receipts?cursor=nonsense',
    `receipts?cursor=${Buffer.from('["receipts","1e9","x"]').toString('base64url')}`,
    `dead-letters?cursor=${Buffer.from('["receipts","1","00000000-0000-4000-8000-000000000000"]').toString('base64url')}`,
    `audit?cursor=${Buffer.from('["audit",null,"1 or 1=1"]').toString('base64url')}`,
    'receipts?from=yesterday',
    'receipts?status=gone',
    'receipts?limit=0',
    'receipts?name=%00',
  ])('refuses %s', async (path) => {
    expect(problemIn(await notes.get(`/v1/admin/${path}`, ops)).code).toBe('malformed');
  });
});

describe('who may', () => {
  test('nobody without a token, nobody whom the app does not name', async () => {
    const key = await bury(notes, device(notes, writer), { id: id(), body: 'private' });
    for (const path of ['dead-letters', 'receipts', `receipts/${key}`, 'audit']) {
      expect(problemIn(await notes.get(`/v1/admin/${path}`, null)).code).toBe('unauthenticated');
      expect(problemIn(await notes.get(`/v1/admin/${path}`, writer)).code).toBe('forbidden');
    }
    expect(problemIn(await notes.retry(writer, key)).code).toBe('forbidden');
    expect(problemIn(await notes.close(writer, key, 'no')).code).toBe('forbidden');
    expect((await history(key)).receipt.status).toBe('dead');
  });

  test('operations of another tenant see and touch nothing', async () => {
    const key = await bury(notes, device(notes, writer), { id: id(), body: 'private' });
    await notes.close(ops, await bury(notes, device(notes, writer), { id: id(), body: 'x' }), 'to have an audit entry');
    const others = await notes.token('oscar', 'ops', 'vishi');
    expect((await notes.get('/v1/admin/dead-letters', others)).body).toEqual({ deadLetters: [], next: null });
    expect((await notes.get('/v1/admin/receipts', others)).body).toEqual({ receipts: [], next: null });
    expect((await notes.get('/v1/admin/audit', others)).body).toEqual({ entries: [], next: null });
    expect(problemIn(await notes.get(`/v1/admin/receipts/${key}`, others)).code).toBe('not_found');
    expect(problemIn(await notes.retry(others, key)).code).toBe('not_found');
    expect(problemIn(await notes.close(others, key, 'mine')).code).toBe('not_found');
  });

  test('a key that is none, or nobody’s, is not found', async () => {
    expect(problemIn(await notes.get('/v1/admin/receipts/none', ops)).code).toBe('not_found');
    expect(problemIn(await notes.retry(ops, id())).code).toBe('not_found');
  });
});

describe('a mutation without receipts', () => {
  test('leaves none either when it comes with a former outcome', async () => {
    const phone = device(notes, writer);
    const receipt = { status: 'rejected', error: { code: 'taken', message: 'no' } } as const;
    const mutations = phone.next({ name: 'ping', args: { id: id(), body: 'here' }, receipt });
    expect((await phone.sync({ mutations })).receipts).toMatchObject([{ status: 'rejected' }]);
    expect(await notes.rows(sql`select from sync.receipts where key = ${mutations[0]?.key}`)).toEqual([]);
  });
});
