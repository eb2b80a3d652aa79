export { type OpenSqlite, type SqliteDriver, type SqliteRow, type SqliteValue } from './driver.ts';
export { sqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
