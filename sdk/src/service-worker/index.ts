export { onBackgroundSync, type SyncingClient } from './on-background-sync.ts';
export { registerBackgroundSync } from './register-background-sync.ts';
