import type { Note } from './note.ts';

export type Saved = Extract<Note, { note: 'saved' }>;
export type Told = Extract<Note, { note: 'told' }>;

/** A promise of a phone of one tenant, and what became of it. */
export interface Promised extends Saved {
  readonly agentId: string;
  readonly told: Told | undefined;
}

/** What the phones of one tenant promised, and what they were told. */
export function promisesOf(notes: readonly Note[], tenant: string): Promised[] {
  const own = notes.filter((note) => 'phone' in note && note.phone.startsWith(`${tenant}/`));
  const told = new Map(own.flatMap((note) => (note.note === 'told' ? [[note.key, note] as const] : [])));
  const promised = new Map<string, Promised>();
  for (const note of own) {
    if (note.note !== 'saved') continue;
    promised.set(note.key, { ...note, agentId: agentOf(note.phone), told: told.get(note.key) });
  }
  return [...promised.values()];
}

export function agentOf(phone: string): string {
  return phone.split('/')[1]?.split('#')[0] ?? '';
}
