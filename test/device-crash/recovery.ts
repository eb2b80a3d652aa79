import type { CrashWorld } from './crash-world.ts';

/** What the person does after a death: the app again, and something new with it. */
export async function recovery(world: CrashWorld): Promise<void> {
  world.operations.mendNotes();
  const client = await world.client();
  await world.quiet();
  await world.note(client);
  // Clients of a store that is no browser's do not hear of each other.
  await Promise.all((world.disk.isShared ? [client] : world.alive).map((one) => one.sync()));
  await world.quiet();
}
