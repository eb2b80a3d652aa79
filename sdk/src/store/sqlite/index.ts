export { type OpenSqlite, type SqliteDriver, type SqliteRow, type SqliteValue } from './driver.ts';
export { sqliteStore } from './sqlite-store.ts';
