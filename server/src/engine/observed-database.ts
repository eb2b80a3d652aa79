import type { Database, Queryable } from '../db/database.ts';
import type { EngineObserver, TransactionKind } from './observer.ts';

/** The same database, whose transactions an observer sees as steps: each try of one that is run again is one. */
export function observedDatabase(database: Database, observer: EngineObserver, of: TransactionKind): Database {
  if (observer.step === undefined) return database;
  const step = observer.step.bind(observer);
  const { db } = database;
  const transaction: Queryable['transaction'] = (body, config) =>
    step({ kind: 'transaction', of }, () => db.transaction(body, config));
  return Object.create(database, { db: { value: Object.create(db, { transaction: { value: transaction } }) } });
}
