import type { Database } from '@ekbaar/server';

export function forgetExpired(_database: Database, _now: Date): Promise<number> {
  return Promise.resolve(0);
}
