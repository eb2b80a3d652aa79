import { by, createServer, jwtAuth, openDatabase } from '@ekbaar/server';
import { and, eq, sql } from 'drizzle-orm';
import { pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { SignJWT } from 'jose';
import { model } from './model.ts';

export const visits = pgTable('visits', {
  tenant: text().notNull(),
  id: text().notNull(),
  agentId: text().notNull(),
  village: text().notNull(),
  status: text({ enum: ['planned', 'done'] }).notNull(),
  finishedAt: timestamp({ withTimezone: true }),
});

/** With a PostgreSQL's URL, or an embedded one in memory. */
export async function startServer(port: number, url?: string) {
  const database = await openDatabase({ url });
  await database.db.execute(sql`
    create table if not exists visits
      (tenant text, id text, "agentId" text, village text, status text, "finishedAt" timestamptz, primary key (tenant, id))`);
  const planned = { tenant: 'demo', agentId: 'asha', status: 'planned' } as const;
  const rows = ['Rampur', 'Sitapur', 'Lakhanpur'].map((village, at) => ({ ...planned, id: `v${at + 1}`, village }));
  await database.db.insert(visits).values(rows).onConflictDoNothing();

  const secret = process.env['TOKEN_SECRET'] ?? 'a secret of 32 bytes, of your own';
  const server = createServer({
    model,
    database,
    // What a device sees of the table, and who sees which row.
    tables: { visits: { table: visits, scopes: [by('agent', visits.agentId)] } },
    scopes: (actor) => [`agent:${actor.id}`],
    mutators: {
      finishVisit: {
        roles: ['agent'],
        // One transaction with the mutation's receipt: whatever breaks, both are there or neither.
        async run({ db, tenant, actor, now, reject }, { visitId }) {
          const own = and(eq(visits.tenant, tenant), eq(visits.id, visitId), eq(visits.agentId, actor.id));
          const [visit] = await db.select().from(visits).where(own).for('update');
          if (!visit) return reject('no_such_visit', `There is no visit ${visitId}`);
          if (visit.status === 'done') return reject('finished_before', 'This visit was finished before');
          await db.update(visits).set({ status: 'done', finishedAt: now }).where(own);
          return { finishedAt: now.toISOString() };
        },
      },
    },
    auth: jwtAuth({ secret }),
  });
  // Your own sign-in goes here. The token says who it is, of which tenant, in which role, and until when.
  server.app.post('/token', async (c) => {
    const token = new SignJWT({ tenant: 'demo', role: 'agent' }).setSubject('asha').setAudience('ekbaar');
    const signed = await token.setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(Buffer.from(secret));
    return c.text(signed);
  });
  const { url: at } = await server.listen({ port, host: '127.0.0.1' });
  return { url: at, server, database };
}

if (import.meta.main) console.log((await startServer(8788, process.env['DATABASE_URL'])).url);
