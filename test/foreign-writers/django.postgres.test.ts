import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { SyncResponse } from '@ekbaar/sdk/protocol';
import { by, createServer, jwtAuth, postgresDatabase, type Server } from '@ekbaar/server';
import { and, eq } from 'drizzle-orm';
import { bigint, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { type Device, device } from '../protocol/device.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { httpClient } from '../support/http-client.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { type Phone, phone } from './visits.ts';

/** A Python that has Django and its PostgreSQL driver: Debian's own, where another one comes first in PATH. */
const python = ['python3', '/usr/bin/python3'].find((candidate) => {
  try {
    execFileSync(candidate, ['-c', 'import django, psycopg2'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});
if (python === undefined)
  console.warn('SKIPPED: no Django. Install the Debian packages python3-django and python3-psycopg2.');

/** Django's table, as its migration made it; `remark` is not among what phones see. */
const visits = pgTable('visits_visit', {
  id: uuid().primaryKey(),
  tenant: text().notNull(),
  agent: text(),
  amountPaise: bigint('amount_paise', { mode: 'number' }).notNull(),
  status: text().notNull(),
  remark: text().notNull(),
  changedAt: timestamp('changed_at', { withTimezone: true }).notNull(),
});

const model = defineModel({
  version: 1,
  collections: {
    visits: collection({
      schema: z.object({ id: z.string(), agent: z.nullable(z.string()), amountPaise: z.int(), status: z.string() }),
      key: 'id',
    }),
  },
  mutations: { confirm: mutation({ args: z.object({ id: z.string() }), rejects: ['not_due'] }) },
});

let database: FreshDatabase;
let server: Server;
let asha: Phone;
let ashasDevice: Device;

beforeAll(async () => {
  if (python === undefined) return;
  database = await freshDatabase();
  await django('migrate');
  // Rows that were there before anybody thought of phones.
  await orm(`
    Visit.objects.create(tenant='pennco', agent='asha', amount_paise=1000, remark='pays late')
    Visit.objects.create(tenant='pennco', agent='bela', amount_paise=2000)
    Visit.objects.create(tenant='vishi', agent='asha', amount_paise=3000)`);

  const secret = crypto.randomUUID();
  server = createServer({
    model,
    database: postgresDatabase(database.url),
    tables: { visits: { table: visits, scopes: [by('agent', visits.agent)] } },
    auth: jwtAuth({ secret }),
    scopes: (actor) => [`agent:${actor.id}`],
    sweepEveryMs: 20,
    mutators: {
      confirm: {
        roles: ['agent'],
        async run({ db, tenant, reject }, { id }) {
          const mine = and(eq(visits.tenant, tenant), eq(visits.id, id), eq(visits.status, 'due'));
          const confirmed = await db
            .update(visits)
            .set({ status: 'confirmed' })
            .where(mine)
            .returning({ id: visits.id });
          if (confirmed.length === 0) reject('not_due', 'This visit is not due');
          return undefined;
        },
      },
    },
  });
  const { url } = await server.listen({ port: 0, host: '127.0.0.1' });
  const http = httpClient(url);
  const sync: Parameters<typeof device>[0] = {
    async sync(token, request) {
      const answer = await http.post('/v1/sync', token, {
        ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date().toISOString(), model: 1 },
        ...{ clientId: crypto.randomUUID(), mutations: [], ...request },
      });
      if (answer.status !== 200) throw new Error(`POST /v1/sync: ${answer.status} ${answer.text}`);
      return SyncResponse.parse(answer.body);
    },
  };
  const token = await bearerTokens(secret)('asha', 'agent');
  asha = phone(sync, token);
  ashasDevice = device(sync, token);
});

afterAll(async () => {
  await server?.close();
  await database?.drop();
});

async function django(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(python as string, ['manage.py', ...args], {
    cwd: join(import.meta.dirname, 'django'),
    env: { ...process.env, DATABASE_URL: database.url, PYTHONDONTWRITEBYTECODE: '1' },
  });
  return stdout.trim();
}

/** Runs Python in Django's shell; what it prints comes back. */
function orm(code: string): Promise<string> {
  const lines = code.split('\n').filter((line) => line.trim() !== '');
  const margin = /^ */.exec(lines[0] ?? '')?.[0].length ?? 0;
  return django(
    'shell',
    '-c',
    ['from visits.models import Visit', ...lines.map((line) => line.slice(margin))].join('\n'),
  );
}

/** What the phone shows after everything that Django has committed is published: amount and status. */
async function shown(): Promise<string[]> {
  await server.engine.sweep();
  await asha.pull();
  return asha
    .rows()
    .map(({ amountPaise, status }) => `${String(amountPaise)} ${String(status)}`)
    .toSorted();
}

test.skipIf(python === undefined)(
  'Django and phones on one table: each sees what the other has committed',
  async () => {
    expect(await shown()).toEqual(['1000 due']);
    expect(Object.keys(asha.rows()[0] ?? {}).toSorted()).toEqual(['agent', 'amountPaise', 'id', 'status']);

    await orm(`
    Visit.objects.bulk_create([Visit(tenant='pennco', agent='asha', amount_paise=n) for n in (4000, 5000, 6000)])
    Visit.objects.bulk_create([Visit(tenant='pennco', agent=None, amount_paise=7000)])`);
    expect(await shown()).toEqual(['1000 due', '4000 due', '5000 due', '6000 due']);

    await orm(`
    from django.db.models import F
    visit = Visit.objects.get(amount_paise=4000)
    visit.status = 'late'
    visit.save()
    Visit.objects.filter(tenant='pennco', amount_paise__gte=5000, agent='asha').update(amount_paise=F('amount_paise') + 1)
    Visit.objects.get(amount_paise=1000).delete()`);
    expect(await shown()).toEqual(['4000 late', '5001 due', '6001 due']);

    // To another agent, and from nobody to this one; and a bulk_update.
    await orm(`
    Visit.objects.filter(amount_paise=5001).update(agent='bela')
    visits = list(Visit.objects.filter(amount_paise__in=(7000, 2000)))
    for visit in visits: visit.agent = 'asha'
    Visit.objects.bulk_update(visits, ['agent'])`);
    expect(await shown()).toEqual(['2000 due', '4000 late', '6001 due', '7000 due']);

    // Rolled back: nothing of it is seen. The savepoint inside of a transaction that commits likewise.
    await orm(`
    from django.db import transaction
    try:
        with transaction.atomic():
            Visit.objects.all().delete()
            Visit.objects.create(tenant='pennco', agent='asha', amount_paise=8000)
            raise ValueError
    except ValueError: pass
    with transaction.atomic():
        Visit.objects.filter(amount_paise=2000).delete()
        try:
            with transaction.atomic():
                Visit.objects.filter(tenant='pennco').update(status='lost')
                raise ValueError
        except ValueError: pass`);
    expect(await shown()).toEqual(['4000 late', '6001 due', '7000 due']);

    const due = asha.rows().find(({ amountPaise }) => amountPaise === 6001);
    expect(await ashasDevice.mutate({ name: 'confirm', args: { id: due?.['id'] } })).toMatchObject({
      status: 'applied',
    });
    expect(await orm(`print(Visit.objects.get(amount_paise=6001).status)`)).toBe('confirmed');
    expect(await shown()).toEqual(['4000 late', '6001 confirmed', '7000 due']);
    // What Django took back first, the phone hears of as a rejection.
    await orm(`Visit.objects.filter(amount_paise=7000).update(status='cancelled')`);
    const cancelled = asha.rows().find(({ amountPaise }) => amountPaise === 7000);
    expect(await ashasDevice.mutate({ name: 'confirm', args: { id: cancelled?.['id'] } })).toMatchObject({
      status: 'rejected',
      error: { code: 'not_due' },
    });
  },
);
