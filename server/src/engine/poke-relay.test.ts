import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Database, rowsOf } from '../db/database.ts';
import { pgliteDatabase } from '../db/pglite.ts';
import { PokeRelay, type PokeRelayOptions } from './poke-relay.ts';
import { Pokes } from './pokes.ts';

let database: Database;
beforeAll(async () => {
  database = await pgliteDatabase();
  const folder = fileURLToPath(new URL('../../migrations', import.meta.url));
  await database.migrate(database.db, { folder, table: 'ekbaar_migrations' });
});
afterAll(() => database.close());
beforeEach(() => database.db.execute(sql`truncate sync.pokes restart identity`));

/** Timers that run when the test says so, the earliest first. */
class Timers {
  readonly #due: { ms: number; run: () => void }[] = [];

  readonly start: NonNullable<PokeRelayOptions['startTimer']> = (ms, run) => {
    const timer = { ms, run };
    this.#due.push(timer);
    return () => {
      const at = this.#due.indexOf(timer);
      if (at >= 0) this.#due.splice(at, 1);
    };
  };

  get due(): number[] {
    return this.#due.map(({ ms }) => ms);
  }

  /** Runs the one timer that is due, and waits until what it began has set the next one or is at its end. */
  async next(): Promise<void> {
    const [timer] = this.#due.splice(0, 1);
    if (timer === undefined) throw new Error('no timer is due');
    timer.run();
    await settle();
  }
}

/** PGlite answers one statement after the other: what was asked before this is answered. */
async function settle(): Promise<void> {
  for (let at = 0; at < 5; at++) await database.db.execute(sql`select 1`);
  await new Promise((resolve) => setImmediate(resolve));
}

interface Node {
  readonly timers: Timers;
  readonly pokes: Pokes;
  readonly relay: PokeRelay;
  readonly errors: unknown[];
  /** What a stream of this node for all of `pennco` was told. */
  readonly told: Record<string, number>[];
}

function node(on: Database = database): Node {
  const [timers, pokes, errors, told] = [new Timers(), new Pokes(), [] as unknown[], [] as Record<string, number>[]];
  const relay = new PokeRelay({
    database: on,
    pokes,
    onError: (error) => errors.push(error),
    startTimer: timers.start,
  });
  return { timers, pokes, relay, errors, told };
}

async function listening(of: Node): Promise<Node> {
  of.pokes.subscribe('pennco', [{ prefix: '' }], (moved) => of.told.push(Object.fromEntries(moved)));
  await settle();
  return of;
}

const written = () =>
  rowsOf<{ tenant: string; scopes: Record<string, number> }>(
    database.db,
    sql`select tenant, scopes from sync.pokes order by tenant, id`,
  );

describe('what is written', () => {
  test('one row for each tenant, with the latest version of each scope', async () => {
    const { relay, timers } = node();
    for (let version = 1; version <= 300; version++) {
      relay.gather('pennco', new Map([['agent:a01', version]]));
      relay.gather('vishi', new Map([['agent:a01', 1000 + version]]));
    }
    relay.gather('pennco', new Map([['agent:a01', 7]]));
    expect(timers.due).toEqual([50]);
    expect(await written()).toEqual([]);
    await timers.next();
    expect(await written()).toEqual([
      { tenant: 'pennco', scopes: { 'agent:a01': 300 } },
      { tenant: 'vishi', scopes: { 'agent:a01': 1300 } },
    ]);
    expect(timers.due).toEqual([]);
  });

  test('a load that moves as many scopes as there are: rows of bounded size, and a bounded number', async () => {
    const { relay, timers } = node();
    relay.gather('pennco', new Map(Array.from({ length: 30_000 }, (_, at) => [`agent:${at}`, 1])));
    await timers.next();
    const sizes = (await written()).map(({ scopes }) => Object.keys(scopes).length);
    expect(sizes).toEqual(Array.from({ length: 20 }, () => 500));
  });

  test('a node that ends writes what it has', async () => {
    const { relay } = node();
    relay.gather('pennco', new Map([['agent:a01', 4]]));
    await relay.stop();
    expect(await written()).toEqual([{ tenant: 'pennco', scopes: { 'agent:a01': 4 } }]);
    relay.gather('pennco', new Map([['agent:a01', 5]]));
    expect(await written()).toHaveLength(1);
  });
});

describe('what is read', () => {
  test('nobody listens, nobody looks; the first stream begins it and the last one ends it', async () => {
    const of = node();
    await settle();
    expect(of.timers.due).toEqual([]);
    const end = of.pokes.subscribe('pennco', [{ prefix: '' }], () => {});
    await settle();
    expect(of.timers.due).toHaveLength(1);
    end();
    await of.timers.next();
    expect(of.timers.due).toEqual([]);
  });

  test('looks less often while nothing comes, and often again when something does', async () => {
    const [of, other] = [await listening(node()), node()];
    for (let at = 0; at < 10; at++) await of.timers.next();
    expect(of.timers.due).toEqual([500]);
    other.relay.gather('pennco', new Map([['agent:a01', 1]]));
    await other.timers.next();
    await of.timers.next();
    expect(of.told).toEqual([{ 'agent:a01': 1 }]);
    expect(of.timers.due).toEqual([150]);
  });

  test('each row once, own rows and other tenants’ never', async () => {
    const [of, other] = [await listening(node()), node()];
    of.relay.gather('pennco', new Map([['agent:own', 1]]));
    other.relay.gather('pennco', new Map([['agent:a01', 1]]));
    other.relay.gather('vishi', new Map([['agent:a01', 9]]));
    await other.timers.next();
    await of.timers.next();
    await of.timers.next();
    for (let at = 0; at < 3; at++) await of.timers.next();
    expect(of.told).toEqual([{ 'agent:a01': 1 }]);
  });

  test('a lower number that is seen later than a higher one is not missed', async () => {
    const of = await listening(node());
    const add = (id: number) =>
      database.db.execute(
        sql`insert into sync.pokes (tenant, id, node, scopes) overriding system value
            values ('pennco', ${id}, gen_random_uuid(), ${`{"agent:a01":${id}}`}::json)`,
      );
    await add(12);
    await of.timers.next();
    await add(11);
    await of.timers.next();
    await of.timers.next();
    expect(of.told).toEqual([{ 'agent:a01': 12 }, { 'agent:a01': 11 }]);
  });

  test('what is long settled is not read again', async () => {
    const of = await listening(node());
    await database.db.execute(
      sql`insert into sync.pokes (tenant, node, scopes, at) values ('pennco', gen_random_uuid(), '{"agent:a01":1}', now() - interval '5 seconds')`,
    );
    await of.timers.next();
    expect(of.told).toEqual([{ 'agent:a01': 1 }]);
    // A fresh node begins behind it.
    const fresh = await listening(node());
    await of.timers.next();
    expect([of.told.length, fresh.told.length]).toEqual([1, 0]);
  });

  test('after a crash the numbers begin anew', async () => {
    const [of, other] = [await listening(node()), node()];
    await database.db.execute(
      sql`insert into sync.pokes (tenant, id, node, scopes, at) overriding system value
          values ('pennco', 9000, gen_random_uuid(), '{"agent:a01":1}', now() - interval '5 seconds')`,
    );
    await of.timers.next();
    await database.db.execute(sql`truncate sync.pokes restart identity`);
    await of.timers.next();
    other.relay.gather('pennco', new Map([['agent:a01', 2]]));
    await other.timers.next();
    await of.timers.next();
    expect(of.told).toEqual([{ 'agent:a01': 1 }, { 'agent:a01': 2 }]);
  });
});

test('a database that is away: said once, nothing fails, and it goes on when it is back', async () => {
  let away = true;
  const db = new Proxy(database.db, {
    get: (target, name, receiver) =>
      name === 'execute' && away
        ? () => Promise.reject(new Error('away'))
        : (Reflect.get(target, name, receiver) as unknown),
  });
  const of = await listening(node({ ...database, db }));
  for (let at = 0; at < 5; at++) await of.timers.next();
  of.relay.gather('pennco', new Map([['agent:a01', 1]]));
  expect(of.errors).toHaveLength(1);
  away = false;
  for (let at = 0; at < 3; at++) await of.timers.next();
  const other = node();
  other.relay.gather('pennco', new Map([['agent:a02', 1]]));
  await other.timers.next();
  for (let at = 0; at < 3; at++) await of.timers.next();
  expect(of.told).toEqual([{ 'agent:a02': 1 }]);
  away = true;
  for (let at = 0; at < 3; at++) await of.timers.next();
  expect(of.errors).toHaveLength(2);
});
