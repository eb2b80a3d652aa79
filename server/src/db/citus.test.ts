import { PgDialect } from 'drizzle-orm/pg-core';
import type { SQL } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import {
  type Cluster,
  distribute,
  distribution,
  distributionPlan,
  isDistributed,
  type Placement,
  readCluster,
} from './citus.ts';
import type { Queryable } from './database.ts';
import type { Circumstances } from './doctor/finding.ts';

const engine = ['sync.clients', 'sync.changes', 'sync.pokes', 'sync.receipts', 'sync.scopes'];

/** A fresh database with Citus: nothing is distributed. */
const fresh: Cluster = {
  database: 'ekbaar',
  user: 'owner',
  tables: [...engine, 'public.deliveries'],
  distributed: new Map(),
  functions: [
    { signature: 'sync.membership(text,text[],text[])', distributed: false },
    { signature: 'sync.publish(text,text,integer)', distributed: false },
  ],
  foreignUnique: [],
  statementTriggers: [],
};

const byTenant = { kind: 'distributed', column: 'tenant', colocation: 7 } as const;
const everywhere = { kind: 'reference', column: null, colocation: 3 } as const;
/** The same when everything is done. */
const done: Cluster = {
  ...fresh,
  distributed: new Map<string, Placement>([
    ...fresh.tables.filter((name) => name !== 'sync.pokes').map((name) => [name, byTenant] as const),
    ['sync.settings', everywhere],
    ['sync.tracked', everywhere],
  ]),
  functions: fresh.functions.map((of) => ({ ...of, distributed: true })),
};

/** What of a plan calls one of Citus's functions. */
const calls = (plan: readonly string[], name: string) => plan.filter((text) => text.startsWith(`SELECT ${name}(`));

describe('the plan', () => {
  test('a fresh database: sessions, then small tables, then all by tenant beside the first, then functions', () => {
    const plan = distributionPlan(fresh);
    const work = plan.filter((text) => text.startsWith('SELECT create_'));
    expect(work).toEqual([
      "SELECT create_reference_table('sync.settings')",
      "SELECT create_reference_table('sync.tracked')",
      "SELECT create_distributed_table('sync.clients', 'tenant', colocate_with => 'none')",
      "SELECT create_distributed_table('sync.changes', 'tenant', colocate_with => 'sync.clients')",
      "SELECT create_distributed_table('sync.receipts', 'tenant', colocate_with => 'sync.clients')",
      "SELECT create_distributed_table('sync.scopes', 'tenant', colocate_with => 'sync.clients')",
      "SELECT create_distributed_table('public.deliveries', 'tenant', colocate_with => 'sync.clients')",
      "SELECT create_distributed_function('sync.membership(text,text[],text[])')",
      "SELECT create_distributed_function('sync.publish(text,text,integer)', 'p_tenant', colocate_with => 'sync.clients')",
    ]);
    expect(plan.slice(-work.length)).toEqual(work);
    const before = plan.slice(0, -work.length).join('\n');
    expect(before).toContain(`ALTER DATABASE "ekbaar" SET citus.propagate_set_commands = 'local'`);
    expect(before).toContain('SET citus.enable_unsafe_triggers = on');
    expect(before).toMatch(/run_command_on_workers\(.*CREATE ROLE ekbaar_engine.*GRANT ekbaar_engine TO "owner"/);
  });

  test('pokes stay where the nodes connect to', () => {
    expect(distributionPlan(fresh).join('\n')).not.toContain('pokes');
  });

  test('when all is done there is nothing to do', () => {
    expect(distributionPlan(done)).toEqual([]);
  });

  test('a table that came later goes beside the others, and nothing else is touched', () => {
    const plan = distributionPlan({ ...done, tables: [...done.tables, 'public.notes'] });
    expect(calls(plan, 'create_distributed_table')).toEqual([
      "SELECT create_distributed_table('public.notes', 'tenant', colocate_with => 'sync.clients')",
    ]);
    expect([...calls(plan, 'create_reference_table'), ...calls(plan, 'create_distributed_function')]).toEqual([]);
  });

  test('triggers with transition tables go before their table is distributed', () => {
    const trigger = { name: 'ekbaar_update_deliveries', table: 'public.deliveries' };
    const plan = distributionPlan({ ...fresh, statementTriggers: [trigger] });
    const drop = plan.indexOf('DROP TRIGGER "ekbaar_update_deliveries" ON public.deliveries');
    expect(drop).toBeGreaterThan(-1);
    expect(drop).toBeLessThan(plan.findIndex((text) => text.includes("create_distributed_table('public.deliveries'")));
    expect(distributionPlan({ ...done, statementTriggers: [trigger] })).toContain(plan[drop]);
  });

  test.each<[string, Partial<Cluster>, string]>([
    [
      'a unique index without the tenant',
      { foreignUnique: [{ name: 'loans', table: 'public.deliveries' }] },
      'The unique index loans of public.deliveries is without the tenant',
    ],
    [
      'a table that is distributed by something else',
      {
        distributed: new Map<string, Placement>([
          ...done.distributed,
          ['public.deliveries', { ...byTenant, column: 'id' }],
        ]),
      },
      'public.deliveries is distributed by id, not by tenant',
    ],
    [
      'a table that every worker has whole',
      { distributed: new Map<string, Placement>([...done.distributed, ['public.deliveries', everywhere]]) },
      'public.deliveries is distributed as a reference table, not by tenant',
    ],
    [
      'a table that lies elsewhere',
      {
        distributed: new Map<string, Placement>([
          ...done.distributed,
          ['public.deliveries', { ...byTenant, colocation: 8 }],
        ]),
      },
      'public.deliveries is not colocated with sync.clients',
    ],
  ])('%s is refused by name', (_what, part, says) => {
    expect(() => distributionPlan({ ...done, ...part })).toThrow(says);
  });
});

const dialect = new PgDialect();

/** A database that answers what a test says, by the first pattern that fits, and notes what it was asked. */
function recording(answers: readonly (readonly [RegExp, unknown[]])[]): { db: Queryable; asked: string[] } {
  const asked: string[] = [];
  const db = {
    execute: (statement: SQL) => {
      const text = dialect.sqlToQuery(statement).sql;
      asked.push(text);
      return Promise.resolve(answers.find(([pattern]) => pattern.test(text))?.[1] ?? []);
    },
    transaction: (body: (tx: unknown) => Promise<unknown>) => body(db),
  };
  return { db: db as unknown as Queryable, asked };
}

/** Answers of a database with Citus where nothing is distributed; app tables refer to each other. */
const citus = [
  [/from pg_extension/, [{}]],
  [/current_database\(\)/, [{ database: 'ekbaar', user: 'owner' }]],
  [
    /from pg_class c join pg_namespace/,
    [
      { name: 'sync.clients', references: null },
      { name: 'sync.pokes', references: null },
      { name: 'public.deliveries', references: ['public.regions'] },
      { name: 'public.regions', references: null },
    ],
  ],
  [/from pg_proc p join/, [{ signature: 'sync.publish(text,text,integer)', distributed: false }]],
] as const satisfies [RegExp, unknown[]][];

describe('on a database', () => {
  test('sends the plan in its order: what is referenced first', async () => {
    const { db, asked } = recording(citus);
    const sent = await distribute(db, ['"public"."deliveries"', '"public"."regions"']);
    expect(asked.slice(-sent.length)).toEqual(sent);
    expect(calls(sent, 'create_distributed_table').map((text) => text.split("'")[1])).toEqual([
      ...['sync.clients', 'public.regions', 'public.deliveries'],
    ]);
  });

  test('a worker that did not do its part: stops there, and names it', async () => {
    const failed = [{ nodename: 'w2', nodeport: 5432, success: false, result: 'permission denied' }];
    const { db, asked } = recording([[/run_command_on_workers/, failed], ...citus]);
    await expect(distribute(db, [])).rejects.toThrow('The worker w2:5432 failed');
    expect(asked.filter((text) => text.includes('create_'))).toEqual([]);
  });

  test('without Citus: says what to install, and is not distributed', async () => {
    const { db } = recording([]);
    await expect(readCluster(db, [])).rejects.toThrow('CREATE EXTENSION citus');
    expect(await isDistributed(db)).toBe(false);
  });

  test('the doctor says what is left to do', async () => {
    const partly: [RegExp, unknown[]][] = [
      [/select from pg_dist_partition/, [{}]],
      [
        /partmethod/,
        [
          { name: 'sync.clients', method: 'h', column: 'tenant', colocation: 7 },
          { name: 'sync.settings', method: 'n', column: null, colocation: 3 },
          { name: 'sync.tracked', method: 'n', column: null, colocation: 3 },
        ],
      ],
      ...citus,
    ];
    const found = await distribution.run(recording(partly).db, {} as Circumstances);
    const left = found.map(({ says }) => says).filter((says) => says.includes('create_'));
    expect(left).toHaveLength(3);
    expect(left[0]).toContain("create_distributed_table('public.regions'");
    expect(found.every(({ level }) => level === 'problem')).toBe(true);
  });
});
