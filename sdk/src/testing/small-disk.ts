import { StoreFullError } from '../errors.ts';
import type { StoreFactory, Table } from '../store/store.ts';

const tables: readonly Table[] = ['log', 'rows', 'meta'];

/** A disk that holds `room` values of log and rows together, and what the log has held back. */
export interface SmallDisk {
  readonly store: StoreFactory;
  room: number;
  reserved: number;
}

/** @param deletingFrees false: what was once there takes its room for ever. */
export function smallDisk(
  inner: StoreFactory,
  { room, reserved = 0, deletingFrees = true }: { room: number; reserved?: number; deletingFrees?: boolean },
): SmallDisk {
  let used = 0;
  const disk: SmallDisk = {
    room,
    reserved: 0,
    store: async (name) => {
      const store = await inner(name);
      return {
        sharedAs: store.sharedAs,
        indexes: store.indexes,
        deletingFrees,
        reserve: {
          hold: async () => {
            if (disk.reserved === 0 && used + reserved <= disk.room) disk.reserved = reserved;
            return disk.reserved > 0;
          },
          release: async () => {
            const had = disk.reserved > 0;
            disk.reserved = 0;
            return had;
          },
        },
        transaction: (_tables, mode, body) =>
          store.transaction(tables, mode, async (tx) => {
            const result = await body(tx);
            if (mode === 'read') return result;
            const now = (await tx.list('log')).length + (await tx.list('rows')).length;
            if (now > used && now + disk.reserved > disk.room) throw new StoreFullError(new Error('no room'));
            used = deletingFrees ? now : Math.max(used, now);
            return result;
          }),
        close: () => store.close(),
        destroy: () => store.destroy(),
      };
    },
  };
  return disk;
}
