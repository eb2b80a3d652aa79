import { type Database, ProblemError, type Queryable } from '@ekbaar/server';
import { and, asc, eq } from 'drizzle-orm';
import * as z from 'zod/mini';
import { SavedFilters } from '../../record-answers.ts';
import { storable } from '../described-route.ts';
import { takeTurn } from '../take-turn.ts';
import type { Overseer } from './overseer.ts';
import { type RecordsApp, recordRoute } from './record-route.ts';
import { savedFilters } from './tables.ts';

const text = (most: number) =>
  z.string().check(z.minLength(1), z.maxLength(most), z.refine(storable, 'text that a database can hold'));
const Name = text(60);
/** Nobody looks through more; and nobody fills the database with them. */
const mostOfAccount = 50;

/** Filters under a name, which somebody finds again on any computer. */
export function savedFilterRoutes(app: RecordsApp, { db }: Database, clock: () => Date): void {
  const own = (by: Overseer) =>
    and(eq(savedFilters.tenant, by.tenant), eq(savedFilters.accountId, by.id), eq(savedFilters.list, 'deliveries'));
  const all = async (by: Overseer, tx: Queryable = db) => {
    const rows = await tx.select().from(savedFilters).where(own(by)).orderBy(asc(savedFilters.name));
    return { filters: rows.map(({ name, query, savedAt }) => ({ name, query, savedAt: savedAt.toISOString() })) };
  };
  const answer = SavedFilters;

  recordRoute(app, {
    ...{ method: 'get', path: '/filters', summary: 'The filters that this account has saved', answer },
    run: ({ by }) => all(by),
  });
  recordRoute(app, {
    ...{
      method: 'post',
      path: '/filters',
      summary: 'Save a filter under a name, in the place of one of the same name',
      answer,
    },
    body: z.object({
      name: Name,
      query: z.string().check(z.maxLength(500), z.refine(storable, 'text that a database can hold')),
    }),
    run: ({ by, body: { name, query } }) =>
      db.transaction(async (tx) => {
        await takeTurn(tx, 'filters', by.tenant, by.id);
        const { filters } = await all(by, tx);
        if (filters.length >= mostOfAccount && !filters.some((filter) => filter.name === name))
          throw new ProblemError('malformed', `An account keeps ${mostOfAccount} filters: remove one first`, {
            issues: [{ path: 'name', message: 'one too many' }],
          });
        const savedAt = clock();
        await tx
          .insert(savedFilters)
          .values({ tenant: by.tenant, accountId: by.id, list: 'deliveries', name, query, savedAt })
          .onConflictDoUpdate({
            target: [savedFilters.tenant, savedFilters.accountId, savedFilters.list, savedFilters.name],
            set: { query, savedAt },
          });
        return all(by, tx);
      }),
  });
  recordRoute(app, {
    ...{ method: 'post', path: '/filters/remove', summary: 'Forget a saved filter', answer },
    body: z.object({ name: Name }),
    async run({ by, body: { name } }) {
      const gone = await db
        .delete(savedFilters)
        .where(and(own(by), eq(savedFilters.name, name)))
        .returning({ name: savedFilters.name });
      if (gone.length === 0) throw new ProblemError('not_found', `There is no saved filter ${name}`);
      return all(by);
    },
  });
}
