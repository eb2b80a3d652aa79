import { setTimeout as sleep } from 'node:timers/promises';
import { deliverySeeds as of } from './ground.ts';
import type { World } from './world.ts';

/** Something that is done to a server, and ends however often a statement fails. */
export interface Workload {
  readonly name: string;
  /** The heart of it: a push of several mutations, and publishing what others wrote. */
  readonly main?: true;
  run(world: World): Promise<void>;
}

/** What the server takes from its being let in to its waiting for others. */
const momentMs = 5;

export const workloads: readonly Workload[] = [
  {
    name: 'a run together, one of it refused',
    main: true,
    async run(world) {
      const phone = world.phone();
      await world.send(phone, world.confirm(of.c1), world.confirm(of.c2, { amountPaise: 1 }), world.confirm(of.p1));
    },
  },
  {
    name: 'one by one',
    async run(world) {
      const phone = world.phone();
      const location = { lat: 24.69, lng: 84.99, accuracyM: 12, at: '2026-11-22T04:34:05.123Z' };
      const closing = { date: '2026-11-22', collectedPaise: 124_000, disbursedPaise: 0, count: 1 };
      await world.send(
        phone,
        world.confirm(of.c1),
        world.fail(of.others),
        world.promise('recordLocation', location),
        world.fail(of.c2),
        world.promise('closeDay', closing),
      );
    },
  },
  {
    name: 'a business key that was used up',
    async run(world) {
      const phone = world.phone();
      await world.send(phone, world.confirm(of.c1));
      await world.send(phone, world.confirm(of.c1again), world.confirm(of.c3));
      await world.send(phone, world.confirm(of.c1third));
    },
  },
  {
    name: 'a run that is given up',
    async run(world) {
      const phone = world.phone();
      await world.send(phone, world.confirm(of.c2), world.confirm(of.c2again));
    },
  },
  {
    name: 'sent again',
    async run(world) {
      const phone = world.phone(1);
      const promised = [world.confirm(of.c1), world.fail(of.c2)];
      await world.send(phone, ...promised);
      const reinstalled = world.phone();
      await world.send(reinstalled, ...promised);
    },
  },
  {
    name: 'a mutator that throws',
    async run(world) {
      const phone = world.phone();
      await world.bug(true);
      world.add(phone, world.fail(of.c1), world.fail(of.bug), world.fail(of.c2));
      await phone.sync(1000);
      await world.bug(false);
      await world.send(phone);
    },
  },
  {
    name: 'a dead letter, run again',
    async run(world) {
      const phone = world.phone();
      const dead = world.fail(of.bug);
      await world.bug(true);
      await world.send(phone, dead, world.fail(of.c1));
      await world.bug(false);
      await world.retryDeadLetter(dead);
      await world.send(phone);
    },
  },
  {
    name: 'REST',
    async run(world) {
      const promised = world.confirm(of.c1);
      await world.rest(promised);
      await world.rest(promised);
      await world.rest(world.confirm(of.c2, { amountPaise: 1 }));
    },
  },
  {
    name: 'REST, a mutator that throws',
    async run(world) {
      const promised = world.fail(of.bug);
      await world.bug(true);
      await world.tryRest(promised);
      await world.bug(false);
      await world.rest(promised);
    },
  },
  {
    name: 'REST, some together',
    async run(world) {
      const { stage } = world;
      const before = stage.arrived;
      const promised = [of.c1, of.c2, of.p1].map((delivery) => world.confirm(delivery));
      // The first of them is on its way until the others wait for it.
      const { promise, resolve } = Promise.withResolvers<void>();
      stage.line.gate = promise;
      const [first, ...others] = promised.map(async (one, at) => {
        while (stage.arrived < before + Math.min(at, 1)) await sleep(1);
        await world.tryRest(one);
      });
      while (stage.arrived < before + promised.length) await sleep(1);
      await sleep(momentMs);
      stage.line.gate = undefined;
      resolve();
      await Promise.all([first, ...others]);
      for (const one of promised) if (one.told === undefined) await world.rest(one);
    },
  },
  {
    name: 'written by other programs',
    main: true,
    async run(world) {
      const { sql } = world.stage;
      const { tenant } = world;
      await sql`update deliveries set village = 'Gaya' where tenant = ${tenant} and id = 'c1'`;
      await sql`update deliveries set agent_id = 'a2' where tenant = ${tenant} and id = 'c2'`;
      await sql`delete from deliveries where tenant = ${tenant} and id = 'c3'`;
      await sql`update agents set name = 'Usha' where tenant = ${tenant} and id = 'a1'`;
      await world.sweep();
    },
  },
];
