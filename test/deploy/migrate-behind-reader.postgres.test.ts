import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, jwtAuth, postgresDatabase } from '@ekbaar/server';
import { defineModel } from '@ekbaar/sdk/model';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { freshDatabase } from '../support/postgres.ts';

test.each([undefined, 'transaction'] as const)(
  'a migration behind a long reader lets the writers of its table pass, and runs when the reader is gone (pooler: %s)',
  async (pooler) => {
    const database = await freshDatabase();
    const sql = postgres(database.url, { onnotice: () => {}, max: 4 });
    const migrations = await mkdtemp(join(tmpdir(), 'migrations-'));
    await mkdir(join(migrations, 'meta'));
    const entries = [{ idx: 0, version: '7', when: 1, tag: '0000_note', breakpoints: true }];
    await writeFile(
      join(migrations, 'meta/_journal.json'),
      JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
    );
    await writeFile(
      join(migrations, '0000_note.sql'),
      'create table before (id text);--> statement-breakpoint\nalter table visits add column note text',
    );
    await sql`create table visits (id text)`;
    let release = () => {};
    const reader = sql.begin(async (tx) => {
      await tx`select from visits`;
      await new Promise<void>((resolve) => (release = resolve));
    });
    const server = createServer({
      model: defineModel({ version: 1, collections: {}, mutations: {} }),
      ...{ database: postgresDatabase(database.url, { connections: 2, pooler }), tables: {}, mutators: {}, migrations },
      ...{ auth: jwtAuth({ secret: 'a secret' }), scopes: () => [] },
    });
    let started = false;
    const starting = server.start().then(() => (started = true));
    const waits = async () =>
      (await sql`select from pg_locks where relation = 'visits'::regclass and not granted`).length > 0;
    await expect.poll(waits, { interval: 5 }).toBe(true);
    let slowest = 0;
    for (let n = 0; n < 30; n++) {
      const began = Date.now();
      await sql`insert into visits (id) values (${n})`;
      slowest = Math.max(slowest, Date.now() - began);
      await sleep(50);
    }
    expect(started).toBe(false);
    expect(slowest).toBeLessThan(2000);
    release();
    await reader;
    await starting;
    expect(await sql`select note from visits`).toHaveLength(30);
    await server.close();
    await sql.end();
    await database.drop();
    await rm(migrations, { recursive: true });
  },
);
