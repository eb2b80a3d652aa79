import type { Database, Queryable } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import type { Invariant } from '../chaos/violation.ts';
import type { Connections } from './explorer.ts';
import type { Plant } from './stage.ts';

/** A bug that somebody else might have made in how the server uses its database. Without a fault nobody would notice. */
export interface PlantedBug {
  readonly name: string;
  readonly plant: Plant;
  /** Where it shows. */
  readonly connections: Connections;
  readonly breaks: Invariant;
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'receipts are written in a transaction of their own',
    plant: apart(/^insert into sync\.receipts/i),
    connections: 'warm',
    breaks: 'I2',
  },
  {
    name: 'jobs are enqueued in a transaction of their own',
    plant: apart(/^insert into pgboss\.job/i),
    connections: 'warm',
    breaks: 'I2',
  },
  {
    name: 'a commit without an answer counts as done',
    plant: lostCommitsAreDone,
    connections: 'warm',
    breaks: 'I1',
  },
  {
    name: 'what a transaction has left to say runs on the next connection',
    plant: reconnecting,
    connections: 'cold',
    breaks: 'I2',
  },
];

type Begin = Queryable['transaction'];

function withTransactions(database: Database, transaction: Begin): Database {
  const db = Object.create(database.db, { transaction: { value: transaction } }) as Queryable;
  return Object.create(database, { db: { value: db } }) as Database;
}

/** Runs the statements that look so outside of the transaction that they belong to. */
function apart(statements: RegExp): Plant {
  const dialect = new PgDialect();
  return (database) => {
    const wrapped = (tx: Queryable): Queryable => {
      const execute = (statement: SQL) =>
        (statements.test(dialect.sqlToQuery(statement).sql.trim()) ? database.db : tx).execute(statement);
      const transaction: Begin = (body, config) =>
        tx.transaction((inner) => body(wrapped(inner) as typeof inner), config);
      return Object.create(tx, { execute: { value: execute }, transaction: { value: transaction } }) as Queryable;
    };
    return withTransactions(database, (body, config) =>
      database.db.transaction((tx) => body(wrapped(tx) as typeof tx), config),
    );
  };
}

function lostCommitsAreDone(database: Database): Database {
  return withTransactions(database, async (body, config) => {
    let done: { result: Awaited<ReturnType<typeof body>> } | undefined;
    try {
      return await database.db.transaction(async (tx) => {
        const result = await body(tx);
        done = { result };
        return result;
      }, config);
    } catch (error) {
      if (done === undefined) throw error;
      return done.result;
    }
  });
}

/** Transactions as they are often written: on a client that opens another connection when it has lost one. */
function reconnecting(database: Database, url: string): Database {
  const idle: Queryable[] = [];
  const open = () => {
    const options = { max: 1, fetch_types: false, onnotice: () => {}, connection: { application_name: 'ekbaar' } };
    return drizzle(postgres(url, options)) as unknown as Queryable;
  };
  const nested = (db: Queryable, depth: number): Queryable => {
    const name = sql.raw(`s${depth}`);
    const transaction: Begin = (body) =>
      around(db, body as (tx: Queryable) => ReturnType<typeof body>, depth + 1, {
        ...{ begin: sql`savepoint ${name}`, commit: sql`release savepoint ${name}` },
        rollback: sql`rollback to savepoint ${name}`,
      });
    return Object.create(db, { transaction: { value: transaction } }) as Queryable;
  };
  const around = async <T>(
    db: Queryable,
    body: (tx: Queryable) => Promise<T>,
    depth: number,
    { begin, commit, rollback }: Record<'begin' | 'commit' | 'rollback', SQL>,
  ): Promise<T> => {
    await db.execute(begin);
    try {
      const result = await body(nested(db, depth));
      await db.execute(commit);
      return result;
    } catch (error) {
      await db.execute(rollback).catch(() => {});
      throw error;
    }
  };
  return withTransactions(database, async (body, config) => {
    const db = idle.pop() ?? open();
    const begin = config?.isolationLevel === undefined ? sql`begin` : sql`begin isolation level repeatable read`;
    try {
      return await around(db, body as (tx: Queryable) => ReturnType<typeof body>, 1, {
        ...{ begin, commit: sql`commit`, rollback: sql`rollback` },
      });
    } finally {
      idle.push(db);
    }
  });
}
