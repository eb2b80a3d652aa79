import { bigint, bigserial, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** Django's tables, as its migrations made them. Columns that nobody here reads may be left out. */
export const visits = pgTable('visits_visit', {
  tenant: text().notNull(),
  id: bigserial({ mode: 'number' }).primaryKey(),
  agentId: integer('agent_id'),
  customer: text().notNull(),
  amountPaise: bigint('amount_paise', { mode: 'number' }).notNull(),
  status: text().notNull(),
  confirmedAt: timestamp('confirmed_at', { withTimezone: true }),
});

export const payments = pgTable('visits_payment', {
  tenant: text().notNull(),
  id: bigserial({ mode: 'number' }).primaryKey(),
  visitId: bigint('visit_id', { mode: 'number' }).notNull(),
  amountPaise: bigint('amount_paise', { mode: 'number' }).notNull(),
  at: timestamp({ withTimezone: true }).notNull(),
});
