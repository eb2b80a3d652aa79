import type { CrashWorld } from './crash-world.ts';

/** What the person does after a death: the app again, and something new with it. */
export async function recovery(world: CrashWorld): Promise<void> {
  world.operations.mendNotes();
  const client = await world.client();
  await world.quiet();
  await world.note(client);
  await client.sync();
  await world.quiet();
}
