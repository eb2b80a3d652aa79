export { encryptedStore, type EncryptedStoreOptions } from './encrypted-store.ts';
