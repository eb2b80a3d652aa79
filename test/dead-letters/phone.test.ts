import { createClient } from '@ekbaar/sdk';
import { memoryStore } from '@ekbaar/sdk/store/memory';
import { expect, test } from 'vitest';
import { model, startNotes } from './notes-server.ts';

/** Syncs until the condition holds; what is halted makes a sync reject. */
async function syncUntil(client: { sync(): Promise<void> }, holds: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 20; round++) {
    await client.sync().catch(() => {});
    if (await holds()) return;
  }
  throw new Error('it never came to that');
}

test('a mutator throws until its mutation is dead; ops have it run again, and the phone shows that it is applied', async () => {
  const notes = await startNotes();
  const token = await notes.token('w1', 'writer');
  const ops = await notes.token('olga', 'ops');
  const client = await createClient({
    model,
    url: notes.url,
    actor: { tenant: 'pennco', id: 'w1' },
    token: () => token,
    store: memoryStore(),
  });
  const stateOf = async (key: string) =>
    (await client.readMutations()).find((record) => record.key === key)?.state ?? 'unknown';
  const isDead = (key: string) => async () => (await stateOf(key)) === 'dead';
  try {
    notes.inTheMiddle = () => {
      throw new Error('a bug of the app');
    };
    const saved = await client.mutate('write', { id: 'n1', body: 'hello' });
    const closed = await client.mutate('write', { id: 'n2', body: 'world' });
    const dies = async (key: string) => {
      await client.sync().catch(() => {});
      notes.passMinutes(20);
      await syncUntil(client, isDead(key));
    };
    await dies(saved.key);
    await dies(closed.key);
    expect((await client.deadLetters.read()).map(({ key, state }) => [key, state])).toEqual([
      [saved.key, 'dead'],
      [closed.key, 'dead'],
    ]);
    // The person has seen that the first one failed; the news that it did not after all still comes.
    await client.deadLetters.dismiss(saved.key);

    notes.inTheMiddle = () => {};
    expect((await notes.retry(ops, saved.key)).status).toBe(200);
    expect((await notes.close(ops, closed.key, 'written down by hand')).status).toBe(200);
    await client.sync();
    expect(await client.readMutations()).toMatchObject([
      { key: saved.key, state: 'applied', result: { length: 5 } },
      { key: closed.key, state: 'dead', closeReason: 'written down by hand' },
    ]);
    expect((await client.deadLetters.read()).map(({ key }) => key)).toEqual([closed.key]);
    expect(await client.read('notes')).toEqual([{ id: 'n1', owner: 'w1', body: 'hello' }]);
    expect(client.status.get()).toMatchObject({ pending: 0, needsAttention: 1, lastError: null });
    // And the queue goes on.
    await client.mutate('write', { id: 'n3', body: 'next' });
    await client.sync();
    expect((await client.readMutations()).at(-1)).toMatchObject({ state: 'applied' });
  } finally {
    await client.close();
    await notes.stop();
  }
});
