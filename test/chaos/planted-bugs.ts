import type { TransactionSql } from 'postgres';
import { type Campaign, withSql } from './campaign.ts';
import { canaryOf } from './canary.ts';
import type { Line } from './line.ts';
import type { Invariant, Violation } from './violation.ts';

/** A bug that somebody else might have put there, and the invariant by which it must be found. */
export type PlantedBug = { readonly name: string; readonly breaks: Invariant } & (
  | {
      /** Breaks the tables, in a transaction that is rolled back after the check. */
      readonly inTables: (sql: TransactionSql) => Promise<unknown>;
    }
  | {
      /** Breaks what goes on in a quiet campaign; everything is drained again before the check. */
      readonly inCampaign: (campaign: Campaign) => Promise<void>;
    }
);

/** Some settled mutation of a kind: the first by key, so that a run can be repeated. */
const some = (name: string, status: string) => `(
  select key from sync.receipts where name = '${name}' and status = '${status}' order by key limit 1)`;

const statement = (name: string, breaks: Invariant, ...statements: string[]): PlantedBug => ({
  name,
  breaks,
  inTables: async (sql) => {
    for (const text of statements) {
      const { count } = await sql.unsafe(text);
      // A bug that does not bite proves nothing.
      if (count === 0) throw new Error(`the planted bug "${name}" changed nothing: ${text}`);
    }
  },
});

export const plantedBugs: readonly PlantedBug[] = [
  statement('receipt-lost', 'I1', `delete from sync.receipts where key = ${some('failDelivery', 'applied')}`),
  statement(
    'effect-lost',
    'I2',
    `update deliveries set status = 'pending', receipt_no = null, confirmed_at = null
     where status = 'confirmed' and (tenant, id) = (select tenant, id from deliveries where status = 'confirmed' order by tenant, id limit 1)`,
  ),
  statement(
    'job-twice',
    'I2',
    `insert into pgboss.job (name, data) select name, data from pgboss.job where name = 'sms' limit 1`,
  ),
  statement(
    'order-swapped',
    'I3',
    `update sync.receipts f set status = 'rejected',
       error = json_build_object('code', 'already_confirmed', 'message', 'planted', 'details', c.result)
     from sync.receipts c
     where c.name = 'confirmDelivery' and c.status = 'applied' and f.name = 'failDelivery' and f.status = 'applied'
       and c.tenant = f.tenant and c.client_id = f.client_id and c.mutation_id > f.mutation_id
       and c.args->>'deliveryId' = f.args->>'deliveryId'`,
  ),
  statement(
    'line-lost',
    'I4',
    `delete from sync.changes where tag <> 0 and (tenant, scope, collection, row_id) =
     (select tenant, scope, collection, row_id from sync.changes where tag <> 0 order by tenant, scope, collection, row_id limit 1)`,
  ),
  statement(
    'money-made',
    'I6',
    `delete from ledger_entries where kind = 'debit' and key = ${some('confirmDelivery', 'applied')}`,
  ),
  statement(
    'instalment-twice',
    'I6',
    `delete from sync.once where key = (select key from sync.once order by key limit 1)`,
  ),
  statement(
    'silent-rejection',
    'I7',
    `update sync.receipts set error = null
     where key = (select key from sync.receipts where status = 'rejected' order by key limit 1)`,
  ),
  {
    name: 'line-dropped',
    breaks: 'I4',
    async inCampaign({ field }) {
      // A proxy on the way that takes one change out of the first page.
      let dropped = false;
      const through = (line: Line): Line => ({
        async send(...request) {
          const answer = await line.send(...request);
          if (answer?.status !== 200 || dropped) return answer;
          const delta = answer.body as { changes: unknown[] };
          dropped = delta.changes.length > 1;
          return { ...answer, body: { ...delta, changes: delta.changes.slice(1) } };
        },
      });
      const person = { tenant: 'vishi', id: 'robbed', role: 'ops' } as const;
      await field.addReader(person, 'robbed', { limit: 1000, again: false }, through);
    },
  },
  {
    name: 'canary-crossed',
    breaks: 'I5',
    inCampaign: ({ url }) =>
      withSql(url, async (sql) => {
        await sql`update agents set name = ${canaryOf('vishi')} where tenant = 'pennco' and id = 'a01'`;
      }),
  },
  {
    name: 'key-reused',
    breaks: 'I1',
    async inCampaign({ field }) {
      const found = field.promises.all.find(({ name, told }) => name === 'failDelivery' && told?.status === 'applied');
      const atWork = field.phones.find(
        ({ phone: { person } }) => person.tenant === found?.person.tenant && person.id === found.person.id,
      );
      if (found === undefined || atWork === undefined)
        throw new Error('the planted bug "key-reused" has no key to use again');
      const promised = field.promises.make(found.person, found.name, { ...found.args, reason: 'refused' }, found.key);
      atWork.phone.add(promised, new Date().toISOString());
    },
  },
  {
    name: 'trigger-off',
    breaks: 'I4',
    inCampaign: ({ url }) =>
      withSql(url, async (sql) => {
        const [found] = await sql<{ name: string }[]>`
          select tgname as name from pg_trigger where tgrelid = 'agents'::regclass and tgname like 'ekbaar\\_update%'`;
        if (found === undefined) throw new Error('the planted bug "trigger-off" found no trigger');
        await sql`alter table agents disable trigger ${sql(found.name)}`;
        await sql`update agents set phone = '+910000099999' where tenant = 'salesco' and id = 'a01'`;
        await sql`alter table agents enable always trigger ${sql(found.name)}`;
      }),
  },
  {
    name: 'committed-late',
    breaks: 'I3',
    inCampaign: ({ url }) =>
      withSql(url, async (sql) => {
        // Written again: it commits after those that came behind it in its log.
        const written = await sql`
          update sync.receipts set model = model where (tenant, key) in (
            select a.tenant, a.key from sync.receipts a join sync.receipts b
              on b.tenant = a.tenant and b.client_id = a.client_id and b.mutation_id > a.mutation_id
            order by a.tenant, a.key limit 1)`;
        if (written.count === 0) throw new Error('the planted bug "committed-late" changed nothing');
      }),
  },
];

/** Plants a bug in a quiet campaign and gives what the checks find; what is planted in the campaign stays there. */
export async function plantInto(campaign: Campaign, bug: PlantedBug): Promise<Violation[]> {
  if ('inCampaign' in bug) {
    await bug.inCampaign(campaign);
    await campaign.quiet();
    return campaign.check();
  }
  let found: Violation[] = [];
  const undo = new Error('undone');
  await withSql(campaign.url, (sql) =>
    sql.begin(async (tx) => {
      await bug.inTables(tx);
      found = await campaign.check({ sql: tx, live: false });
      throw undo;
    }),
  ).catch((error: unknown) => {
    if (error !== undo) throw error;
  });
  return found;
}
