import { setImmediate } from 'node:timers/promises';
import { memoryStore } from '../../sdk/src/store/memory/index.ts';
import type { CrashDisk } from './crash-disk.ts';
import { RecordedDisk } from './recorded-disk.ts';
import { SqliteDisk } from './sqlite-disk.ts';

const turn = async (): Promise<void> => {
  await setImmediate();
};

/** The disks that need no browser, by the name of their store. */
export const disks: Readonly<Record<'memory' | 'sqlite', () => CrashDisk>> = {
  memory: () => new RecordedDisk({ stores: () => memoryStore({ shared: true }), turn }),
  sqlite: () => new SqliteDisk(turn),
};
