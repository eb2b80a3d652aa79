import { Delta } from '@ekbaar/sdk/protocol';
import { expect, test } from 'vitest';
import { startNotes } from '../dead-letters/notes-server.ts';
import { device } from './device.ts';

test.each([
  ['', true],
  ['own', true],
  ['owner', true],
  ['owner:', true],
  ['owner:w', true],
  ['owner:x', false],
  ['other', false],
])('who may read every scope that begins with "%s" reads the same page by page as by pull', async (prefix, reads) => {
  const notes = await startNotes({ scopes: ({ role, id }) => (role === 'ops' ? [{ prefix }] : [`owner:${id}`]) });
  try {
    const id = crypto.randomUUID();
    const writer = device(notes, await notes.token('w-1', 'writer'));
    await writer.mutate({ name: 'write', args: { id, body: 'seen by both' } });
    const ops = await notes.token('olga', 'ops');
    const pulled = Delta.parse((await notes.get('/v1/pull', ops)).body);
    expect(pulled.changes.map((change) => change.id)).toEqual(reads ? [id] : []);
    const { body } = await notes.get('/v1/collections/notes', ops);
    expect((body as { rows: { id: string }[] }).rows.map((row) => row.id)).toEqual(reads ? [id] : []);
    expect((await notes.get(`/v1/collections/notes/${id}`, ops)).status).toBe(reads ? 200 : 404);
  } finally {
    await notes.stop();
  }
});
