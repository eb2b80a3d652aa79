import { type Database, ProblemError, reading } from '@ekbaar/server';
import { and, asc, desc, eq, sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { PayoutAccount, PayoutAccounts, Payouts, payoutStatuses } from '../../message-answers.ts';
import { agents } from '../tables.ts';
import { type OpsApp, opsRoute, pageEnd, PageLimit, pageStart } from './ops-route.ts';
import { maskedNumber } from './phone-number.ts';
import { payoutAccounts, payouts } from './tables.ts';

const Destination = z.string().check(z.maxLength(100), z.regex(/^[A-Za-z0-9_]+$/));

/**
 * Bank accounts of agents, and what was paid to them: `/api/v1/payouts`. Whoever gives an account says where money goes,
 * so an account is never shown in full again, and who changed it is kept.
 */
export function payoutRoutes(ops: OpsApp, database: Database, clock: () => Date): void {
  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/payouts',
    summary: 'Payouts to agents, the newest first',
    query: z.object({ status: z.optional(z.enum(payoutStatuses)), limit: PageLimit, cursor: z.optional(z.string()) }),
    answer: Payouts,
    async run({ actor: { tenant }, query: { status, limit, cursor } }) {
      const after = pageStart(cursor);
      const rows = await reading(database, tenant, (tx) =>
        tx
          .select()
          .from(payouts)
          .where(
            and(
              eq(payouts.tenant, tenant),
              status === undefined ? undefined : eq(payouts.status, status),
              after === undefined
                ? undefined
                : sql`(${payouts.requestedAt}, ${payouts.id}) < (${after.at.toISOString()}::timestamptz, ${after.id}::uuid)`,
            ),
          )
          .orderBy(desc(payouts.requestedAt), desc(payouts.id))
          .limit(limit),
      );
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return {
        payouts: rows.map((row) => ({
          ...row,
          ...{ requestedAt: row.requestedAt.toISOString(), statusAt: row.statusAt.toISOString() },
        })),
        next: last === undefined ? null : pageEnd(last.requestedAt, last.id),
      };
    },
  });

  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/payout-accounts',
    summary: 'Which agents get payouts, and to which account',
    query: z.object({ agent: z.optional(z.string()) }),
    answer: PayoutAccounts,
    async run({ actor: { tenant }, query: { agent } }) {
      const rows = await reading(database, tenant, (tx) =>
        tx
          .select()
          .from(payoutAccounts)
          .where(
            and(eq(payoutAccounts.tenant, tenant), agent === undefined ? undefined : eq(payoutAccounts.agentId, agent)),
          )
          .orderBy(asc(payoutAccounts.agentId)),
      );
      return { accounts: rows.map(shown) };
    },
  });

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/payout-accounts/:agent',
    summary: 'Gives an agent a bank account, or switches payouts to the one it has on or off',
    body: z.object({ destination: z.optional(Destination), enabled: z._default(z.boolean(), true) }),
    answer: PayoutAccount,
    async run({ actor: { tenant, id: changedBy }, path: { agent: agentId = '' }, body: { destination, enabled } }) {
      const [agent] = await database.db
        .select({ id: agents.id })
        .from(agents)
        .where(and(eq(agents.tenant, tenant), eq(agents.id, agentId)));
      if (agent === undefined) throw new ProblemError('not_found', `There is no agent ${agentId.slice(0, 40)}`);
      const change = { enabled, changedBy, changedAt: clock() };
      const account = and(eq(payoutAccounts.tenant, tenant), eq(payoutAccounts.agentId, agentId));
      const [row] =
        destination === undefined
          ? await database.db.update(payoutAccounts).set(change).where(account).returning()
          : await database.db
              .insert(payoutAccounts)
              .values({ tenant, agentId, destination, ...change })
              .onConflictDoUpdate({
                target: [payoutAccounts.tenant, payoutAccounts.agentId],
                set: { destination, ...change },
              })
              .returning();
      if (row === undefined)
        throw new ProblemError('not_found', `${agentId} has no bank account yet: send its \`destination\``);
      return shown(row);
    },
  });
}

function shown(row: typeof payoutAccounts.$inferSelect) {
  return { ...row, destination: maskedNumber(row.destination), changedAt: row.changedAt.toISOString() };
}
