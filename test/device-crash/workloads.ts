import { exportUnsent, importUnsent } from '../../sdk/src/support/index.ts';
import type { CrashClient, CrashWorld } from './crash-world.ts';

/** Something that is done with a phone, in which every public operation of a client has its place. */
export interface Workload {
  readonly name: string;
  run(world: CrashWorld): Promise<void>;
}

/** How long outcomes are kept, where that is not for long. */
const keepOutcomesMs = 100_000;

/** A client that has synced. */
async function synced(world: CrashWorld): Promise<CrashClient> {
  const client = await world.client();
  await world.quiet();
  return client;
}

export const workloads: readonly Workload[] = [
  {
    name: 'a first start, and the next',
    async run(world) {
      await world.close(await synced(world));
      const client = await synced(world);
      await client.acknowledgeLoss();
      await world.close(client);
    },
  },
  {
    name: 'one by one, and many together',
    async run(world) {
      const client = await synced(world);
      await world.note(client);
      await world.note(client);
      world.isOnline = false;
      await Promise.all([world.note(client), world.note(client), world.confirm(client, 'd1')]);
      world.isOnline = true;
      await client.sync();
      await world.quiet();
      await world.close(client);
    },
  },
  {
    name: 'refused: dismissed, done again, and done otherwise',
    async run(world) {
      const client = await synced(world);
      await world.confirm(client, 'd1');
      const refused = [];
      for (let at = 0; at < 3; at += 1) refused.push(await world.confirm(client, 'd1'));
      await world.quiet();
      const [first, second, third] = refused;
      if (!first || !second || !third) return;
      await world.dismiss(client, first);
      await world.again(second, client.rejections.retry(second.key ?? ''));
      const args = { deliveryId: 'd2', amountPaise: 100 };
      await world.again(third, client.rejections.resend({ key: third.key ?? '', name: 'confirm' }, args));
      await world.quiet();
      await client.outcome(second.key ?? '');
    },
  },
  {
    name: 'dead letters',
    async run(world) {
      const client = await synced(world);
      world.operations.breakNotes();
      const letters = [];
      for (let at = 0; at < 4; at += 1) letters.push(await world.note(client));
      await world.quiet();
      world.operations.mendNotes();
      const [first, second, third, fourth] = letters;
      if (!first || !second || !third || !fourth) return;
      // Operations close two of them; the third is run again, and works. The last waits for them.
      world.operations.close(first);
      world.operations.close(second);
      world.operations.runAgain(third);
      await client.sync();
      await world.quiet();
      first.dismissed = 'asked';
      await client.deadLetters.dismiss(first.key ?? '');
      first.dismissed = 'done';
      await world.again(second, client.deadLetters.retry(second.key ?? ''));
      const letter = { key: fourth.key ?? '', name: 'note' } as const;
      const same = { text: fourth.effect };
      await world.again(fourth, client.deadLetters.resend(letter, same, { mayRunTwice: true }));
      await world.quiet();
    },
  },
  {
    name: 'two phones with one client id',
    async run(world) {
      const client = await synced(world);
      await world.note(client);
      await world.quiet();
      world.isOnline = false;
      await Promise.all([world.note(client), world.note(client)]);
      const { last = 0, keys = new Map<number, string>() } = world.server.clients.get(client.clientId) ?? {};
      keys.set(last + 1, 'of another phone');
      world.server.clients.set(client.clientId, { last: last + 1, keys });
      await world.quiet();
    },
  },
  {
    name: 'a server that was restored',
    async run(world) {
      const client = await synced(world);
      await world.note(client);
      await world.quiet();
      const restore = world.server.backup();
      await world.note(client);
      await world.confirm(client, 'd1');
      await world.quiet();
      restore();
      await world.note(client);
      await world.quiet();
    },
  },
  {
    name: 'a server that was restored, too late for the log',
    async run(world) {
      const client = await world.client({ keepOutcomesMs });
      await world.quiet();
      const restore = world.server.backup();
      await world.note(client);
      await world.quiet();
      // Swept away: nobody can send it again.
      world.promises.drop(true);
      await world.pass(2 * keepOutcomesMs);
      await client.sync();
      restore();
      await world.note(client);
      await world.quiet();
    },
  },
  {
    name: 'outcomes that are no longer kept',
    async run(world) {
      const client = await world.client({ keepOutcomesMs });
      await world.quiet();
      await Promise.all([world.note(client), world.note(client)]);
      await world.quiet();
      await world.pass(2 * keepOutcomesMs);
      await client.sync();
      await world.note(client);
      await world.quiet();
    },
  },
  {
    name: 'many rows, in pages, and a scope that is sent whole again',
    async run(world) {
      const { server } = world;
      for (let at = 0; at < 90; at += 1) {
        server.write('notes', `r${at}`, { id: `r${at}`, text: 'a row' }, ['agent:a1']);
      }
      server.pageSize = 80;
      const client = await synced(world);
      for (let at = 0; at < 70; at += 1) {
        server.write('notes', `r${at}`, { id: `r${at}`, text: 'another' }, ['agent:a1']);
      }
      server.write('notes', 'r80', null, ['agent:a1']);
      await client.sync();
      await world.quiet();
      server.reset.add('agent:a1');
      await client.sync();
      await world.quiet();
      server.dropped.add('actor:a1');
      await client.sync();
      await world.quiet();
    },
  },
  {
    name: 'questions of every kind',
    async run(world) {
      const client = await synced(world);
      const stops = [
        client.watch('deliveries', { where: { status: 'pending' }, limit: 2 }, () => {}),
        client.watchMutations({}, () => {}),
        client.count.watch('deliveries', {}, () => {}),
        client.rejections.watch(() => {}),
        client.deadLetters.watch(() => {}),
        client.status.subscribe(() => {}),
      ];
      await client.read('deliveries', { where: { status: { in: ['pending', 'confirmed'] } }, orderBy: '-status' });
      await client.read('notes', { orderBy: 'text', limit: 1 });
      await client.count.read('deliveries', { where: { amountPaise: { gte: 1 } } });
      await client.readMutations({ name: 'note' });
      client.query('deliveries', { where: { status: 'pending' } });
      client.count.query('deliveries', {});
      client.mutations({});
      client.rejections.query();
      client.deadLetters.query();
      client.status.get();
      await world.confirm(client, 'd1');
      await world.note(client);
      await world.quiet();
      for (const stop of stops) stop();
    },
  },
  {
    name: 'two tabs',
    async run(world) {
      const [one, other] = [await synced(world), await world.client()];
      await world.quiet();
      await Promise.all([world.note(one), world.note(other), world.confirm(other, 'd1'), world.note(one)]);
      await world.quiet();
      world.tell('visible');
      await world.close(one);
      await world.note(other);
      await world.quiet();
    },
  },
  {
    name: 'the app as it was, and its next version',
    async run(world) {
      const client = await synced(world);
      world.isOnline = false;
      await world.note(client);
      await world.close(client);
      world.modelVersion = 2;
      world.server.model = 2;
      const next = await world.client();
      await world.note(next);
      await world.quiet();
    },
  },
  {
    name: 'a store that is encrypted from now on, and then with another key',
    async run(world) {
      const plain = await synced(world);
      world.isOnline = false;
      await world.note(plain);
      await world.close(plain);
      for (const keyNumber of [1, 2]) {
        world.keyNumber = keyNumber;
        const encrypted = await world.client();
        await world.note(encrypted);
        await world.quiet();
        await world.close(encrypted);
      }
    },
  },
  {
    name: 'pings that are let go',
    async run(world) {
      const client = await synced(world);
      world.isOnline = false;
      for (let n = 0; n < 8; n += 1) await client.mutate('ping', { n });
      await world.note(client);
      await world.quiet();
    },
  },
  {
    name: 'the storage is cleared under a running app',
    async run(world) {
      const client = await synced(world);
      world.isOnline = false;
      await world.note(client);
      const store = await world.disk.open('pennco/a1');
      // Until it is written back, memory alone has it.
      world.promises.drop(true);
      await store.destroy();
      await world.note(client);
      world.promises.drop(false);
      await world.quiet();
    },
  },
  {
    name: 'signed out, and in again',
    async run(world) {
      const client = await synced(world);
      await world.note(client);
      await world.quiet();
      const other = await world.client();
      await client.signOut();
      world.gone(client);
      world.gone(other);
      const again = await synced(world);
      world.isOnline = false;
      await world.note(again);
      world.promises.drop(true);
      await again.signOut({ dropUnsent: true });
      world.gone(again);
    },
  },
  {
    name: 'from one phone to another, as a file',
    async run(world) {
      const client = await synced(world);
      world.isOnline = false;
      await Promise.all([world.note(client), world.note(client)]);
      const file = await exportUnsent(client);
      await world.close(client);
      const store = await world.disk.open('pennco/a1');
      // The first phone is lost; the second, which is this one, too, begins anew.
      world.promises.drop(true);
      await store.destroy();
      world.forgetMarkers();
      const next = await world.client();
      await importUnsent(next, file);
      world.promises.drop(false);
      await world.quiet();
    },
  },
];
