import type { Sql } from 'postgres';
import type { Chance } from '../chaos/chance.ts';
import type { Mint } from './canary.ts';
import type { Ground } from './cast.ts';

const statuses = ['pending', 'pending', 'pending', 'confirmed', 'failed', 'cancelled', 'pending', 'pending'] as const;
/** Of each agent: most under ids that every tenant has too. */
const deliveriesOfAgent = 10;

/** A tenant's day with a canary of its own in every text and number, as another program would write it. */
export async function seedRows(sql: Sql, ground: Ground, mint: Mint, chance: Chance): Promise<void> {
  const { tenant, agents } = ground;
  let at = 0;
  for (const { id: agentId, regionId } of agents) {
    await sql`insert into agents ${sql({ tenant, id: agentId, name: mint.text(), phone: mint.text(), region_id: regionId, active: true })}`;
    const position = {
      lat: mint.fraction(),
      lng: mint.fraction(),
      accuracy_m: mint.fraction(),
      at: '2026-11-22T10:00:00Z',
    };
    await sql`insert into agent_positions ${sql({ tenant, agent_id: agentId, ...position, region_id: regionId })}`;
    const before = { ...position, lat: mint.fraction(), lng: mint.fraction(), accuracy_m: mint.fraction() };
    await sql`insert into agent_track ${sql({ tenant, agent_id: agentId, key: mint.key(), ...before })}`;
    const paise = { collected_paise: mint.paise(), disbursed_paise: mint.paise(), count: 3 };
    const ledger = { ledger_collected_paise: mint.paise(), ledger_disbursed_paise: mint.paise(), ledger_count: 3 };
    await sql`insert into day_closings ${sql({ tenant, agent_id: agentId, date: '2026-11-20', ...paise, ...ledger, closed_at: '2026-11-20T14:00:00Z' })}`;

    // Two of an instalment that somebody confirms first.
    const twice = { loan_id: mint.text(), instalment_no: 7 };
    for (let nth = 0; nth < deliveriesOfAgent; nth++) {
      const id = nth < 7 ? `d${String(++at).padStart(4, '0')}` : `d-${mint.text()}`;
      const kind = nth % 3 === 2 ? 'disbursement' : 'collection';
      const status = nth < 2 ? 'pending' : (statuses[chance.below(statuses.length)] ?? 'pending');
      const loan =
        nth < 2 ? twice : { loan_id: mint.text(), instalment_no: kind === 'collection' ? 1 + chance.below(24) : null };
      const row = {
        ...{
          tenant,
          id,
          kind,
          status,
          agent_id: agentId,
          region_id: regionId,
          village: mint.text(),
          pincode: mint.text(),
        },
        ...{ customer_name: mint.text(), customer_phone: mint.text(), mfi_id: mint.text(), ...loan },
        ...{ amount_paise: mint.paise(), due_on: '2026-11-22' },
        ...(status === 'confirmed' ? { confirmed_at: '2026-11-22T09:00:00Z', receipt_no: mint.text() } : {}),
        ...(status === 'failed' || status === 'cancelled' ? { fail_reason: mint.text() } : {}),
      };
      await sql`insert into deliveries ${sql(row)}`;
      if (kind === 'disbursement') await sql`insert into disbursements ${sql(disbursementOf(row, mint, chance))}`;
      if (status === 'confirmed') await sql`insert into ledger_entries ${sql(entryOf(row, mint))}`;
    }
  }
  await sql`insert into ledger_accounts ${sql({ tenant, id: `mfi:${mint.text()}`, kind: 'mfi' })}`;
  const job = { tenant, key: mint.key(), to: mint.text(), text: mint.text() };
  await sql`insert into pgboss.job (name, data) values ('sms', ${sql.json(job)})`;
}

interface Row {
  readonly tenant: string;
  readonly id: string;
  readonly loan_id: string;
  readonly mfi_id: string;
  readonly amount_paise: number;
  readonly region_id: string;
  readonly agent_id: string;
  readonly status: string;
}

function disbursementOf(
  { tenant, id, loan_id, mfi_id, amount_paise, region_id, status }: Row,
  mint: Mint,
  chance: Chance,
) {
  const settled = status === 'confirmed' && chance.is(0.7);
  return {
    ...{ tenant, id: id.replace('d', 'b'), delivery_id: id, mfi_id, loan_id, amount_paise, region_id },
    status: status === 'confirmed' ? (settled ? 'reconciled' : 'disbursed') : 'open',
    ...(settled ? { bank_ref: mint.text(), reconciled_at: '2026-11-22T20:00:00Z' } : {}),
  };
}

function entryOf({ tenant, id, agent_id }: Row, mint: Mint) {
  const account = { account_id: `agent_cash:${mint.text()}`, amount_paise: mint.paise() };
  return { tenant, delivery_id: id, kind: 'debit', agent_id, ...account, key: mint.key(), at: '2026-11-22T09:00:00Z' };
}
