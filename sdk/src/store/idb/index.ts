export { idbStore, type IdbStoreOptions } from './idb-store.ts';
