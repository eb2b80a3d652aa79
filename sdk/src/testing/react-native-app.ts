/** What the test of React Native runs in a context that has no more than React Native gives. */
export { createClient } from '../create-client.ts';
export { reactNativePlatform } from '../react-native/index.ts';
export { sqliteStore } from '../store/sqlite/index.ts';
export { nodeSqlite } from '../store/sqlite/node.ts';
export { model } from './model.ts';
