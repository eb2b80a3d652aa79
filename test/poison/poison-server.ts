import { setTimeout as sleep } from 'node:timers/promises';
import { by, createServer, jwtAuth, type Mutators, postgresDatabase, type RunItem } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { secret } from '../support/field-ops-process.ts';
import { poisonModel } from './poison-model.ts';

// A server of notes as a process of its own. It really dies of some of them, in the middle of their mutator.

const notes = pgTable('notes', { tenant: text().notNull(), id: text().notNull(), body: text().notNull() });

/** Bodies of notes that end the process, as a mutator does that eats all memory, or that calls `process.exit`. */
async function dieOf(bodies: readonly string[]): Promise<void> {
  if (bodies.includes('killed')) process.kill(process.pid, 'SIGKILL');
  if (bodies.includes('exits')) process.exit(1);
  // A signal to oneself may take a moment.
  if (bodies.includes('killed')) await sleep(60_000);
}

const mutators: Mutators<typeof poisonModel> = {
  write: {
    roles: ['writer'],
    async run({ db, tenant }, { id, body }) {
      await db.insert(notes).values({ tenant, id, body });
      await dieOf([body]);
      return undefined;
    },
    batch: {
      async run({ db, tenant }, items: readonly RunItem<{ id: string; body: string }>[]) {
        await db.insert(notes).values(items.map(({ args }) => ({ tenant, ...args })));
        await dieOf(items.map(({ args }) => args.body));
        return items.map(() => ({ result: undefined }));
      },
    },
  },
};

const { DATABASE_URL = '', PORT = '', HALT_MINUTES = '' } = process.env;
const database = postgresDatabase(DATABASE_URL);
await database.db.execute(
  sql`create table if not exists notes (tenant text, id text, body text not null, primary key (tenant, id))`,
);
await createServer({
  model: poisonModel,
  database,
  tables: { notes: { table: notes, scopes: [by('notes', notes.tenant)] } },
  mutators,
  haltPolicy: { tries: 5, minutes: Number(HALT_MINUTES) },
  auth: jwtAuth({ secret }),
  scopes: ({ tenant }) => [`notes:${tenant}`],
  admin: ({ role }) => role === 'ops',
}).listen({ port: Number(PORT), host: '127.0.0.1' });
