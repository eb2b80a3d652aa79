import type { FieldOpsModel } from '@ekbaar/field-ops/model';
import type { Mutators, Queryable } from '@ekbaar/server';
import { sql } from 'drizzle-orm';

/** Everything that the engine's role may read at all, as a mutator sees it that asks for no tenant. */
const readable = [
  ...['deliveries', 'agents', 'disbursements', 'agent_positions', 'agent_track', 'ledger_accounts', 'ledger_entries'],
  ...['day_closings', 'sync.receipts', 'sync.slots', 'sync.halts', 'sync.once', 'sync.audit', 'sync.clients'],
  ...['sync.scopes', 'sync.changes'],
];

type Row = Record<string, unknown>;

async function rowsOf(db: Queryable, statement: ReturnType<typeof sql>): Promise<Row[]> {
  return (await db.execute(statement)) as unknown as Row[];
}

/** Of rows as much as a receipt takes beside others, those of other tenants first: there must be none. */
function told(rows: readonly Row[], tenant: string, length = 6000): string {
  const isOwn = (row: Row) => Number(row['tenant'] === tenant);
  return JSON.stringify(rows.toSorted((a, b) => isOwn(a) - isOwn(b))).slice(0, length);
}

/** Every row of every table, joined with itself and grouped as a careless report would. */
async function everything(db: Queryable, tenant: string): Promise<Record<string, unknown>> {
  const tables: Record<string, unknown> = {};
  for (const name of readable) {
    const [row] = await rowsOf(db, sql`select coalesce(json_agg(t), '[]') as rows from ${sql.raw(name)} t`);
    tables[name] = told(row?.['rows'] as Row[], tenant, 600);
  }
  const [joined] = await rowsOf(
    db,
    sql`select json_agg(distinct d.customer_name || a.name || coalesce(r.args::text, '')) as names
        from deliveries d join agents a on a.id = d.agent_id left join sync.receipts r on r.actor = a.id and r.name = 'failDelivery'`,
  );
  return { tables, names: JSON.stringify(joined?.['names']).slice(0, 3000) };
}

/**
 * The operation's mutations by somebody who has never heard of tenants: no statement asks for one, all of them change what
 * they find, and everything they see is told.
 */
export const forgetfulMutators: Mutators<FieldOpsModel> = {
  confirmDelivery: {
    roles: ['agent'],
    publicResult: (result) => ({ ...result }),
    async onceBy({ db }, { deliveryId }) {
      const [found] = await rowsOf(
        db,
        sql`select loan_id, instalment_no from deliveries where id = ${deliveryId} for update`,
      );
      return found === undefined ? null : `${String(found['loan_id'])}/${String(found['instalment_no'])}`;
    },
    async run({ db, tenant, reject, key }, { deliveryId }) {
      const changed = await rowsOf(
        db,
        sql`update deliveries set status = 'confirmed', receipt_no = ${key.slice(0, 30)} where id = ${deliveryId} and status = 'pending' returning *`,
      );
      const seen = await rowsOf(
        db,
        sql`select * from deliveries where id = ${deliveryId} or loan_id in (select loan_id from deliveries) limit 40`,
      );
      if (changed.length === 0) return reject('not_found', `There is no ${deliveryId}`, { seen: told(seen, tenant) });
      return { receiptNo: JSON.stringify(changed).slice(0, 32) };
    },
    batch: {
      async onceBy({ db }, items) {
        const found = await rowsOf(db, sql`select id, loan_id from deliveries`);
        return items.map(({ args, key }) => {
          const loans = found.filter(({ id }) => id === args.deliveryId).map((row) => String(row['loan_id']));
          return loans.length === 0 ? null : `${loans.join('+')}/${key}`;
        });
      },
      async run({ db, tenant }, items) {
        const changed = await rowsOf(
          db,
          sql`update deliveries set fail_reason = 'seen by a batch' where status <> 'cancelled' returning *`,
        );
        await db.execute(sql`update disbursements set status = 'disbursed'`);
        return items.map(() => ({
          reject: {
            code: 'cancelled',
            message: told(changed, tenant, 500),
            details: { changed: told(changed, tenant) },
          },
        }));
      },
    },
  },
  failDelivery: {
    roles: ['agent'],
    async run({ db, tenant, reject }, { deliveryId, note }) {
      const changed = await rowsOf(
        db,
        sql`update deliveries set fail_reason = ${note ?? 'forgotten'} where id >= ${deliveryId} returning *`,
      );
      if (changed.length % 2 === 0) return reject('not_assigned', 'forgetful', { changed: told(changed, tenant) });
      return undefined;
    },
  },
  recordLocation: {
    roles: ['agent'],
    async run({ db }, { lat, lng }) {
      await db.execute(sql`update agent_positions set lat = ${lat}, lng = ${lng}`);
      await db.execute(sql`delete from agent_track where lat > 0`);
      return undefined;
    },
  },
  assignDelivery: {
    roles: ['ops'],
    async run({ db, tenant, reject }, { deliveryId, agentId }) {
      const changed = await rowsOf(
        db,
        sql`update deliveries set agent_id = ${agentId} where id = ${deliveryId} returning *`,
      );
      const agents = await rowsOf(
        db,
        sql`select a.*, p.lat, p.lng from agents a left join agent_positions p on p.agent_id = a.id`,
      );
      return reject('no_such_agent', 'forgetful', { changed: told(changed, tenant), agents: told(agents, tenant) });
    },
  },
  cancelDelivery: {
    roles: ['ops'],
    async run({ db }, { deliveryId, reason }) {
      await db.execute(sql`delete from deliveries where id = ${deliveryId}`);
      await db.execute(sql`update agents set name = ${reason}`);
      // A thief of a whole table: as its own rows.
      await db.execute(
        sql`insert into ledger_accounts (tenant, id, kind) select current_setting('ekbaar.tenant'), 'stolen ' || id || name, 'mfi' from agents on conflict do nothing`,
      );
      return undefined;
    },
  },
  reconcileDisbursement: {
    roles: ['settlement'],
    async run({ db, tenant, reject }, { bankRef }) {
      const changed = await rowsOf(db, sql`update disbursements set bank_ref = ${bankRef} returning *`);
      return reject('already_reconciled', 'forgetful', {
        changed: told(changed, tenant),
        ledger: told(await rowsOf(db, sql`select * from ledger_entries`), tenant),
      });
    },
  },
  closeDay: {
    roles: ['agent'],
    async run({ db, tenant, reject }, { count }) {
      // Written for everybody, and once more into the tenant that the forgetful have in mind.
      if (count > 1) {
        for (const other of ['pennco', 'vishi', 'salesco']) {
          if (other !== tenant)
            await db.execute(
              sql`insert into ledger_accounts (tenant, id, kind) values (${other}, ${`from ${tenant}`}, 'mfi')`,
            );
        }
      }
      return reject('already_closed', 'forgetful', await everything(db, tenant));
    },
  },
};
