import type { Reserve } from '../store.ts';

/** Some hundred mutations: LevelDB writes each of them a dozen times over, until it has its outcome. */
const bytes = 8 * 2 ** 20;

/**
 * A file of the origin's private file system, which counts like the database does. Deleting it makes room at once;
 * deleting rows in Chromium's IndexedDB does not, and for a while even takes more (LevelDB keeps what it deletes).
 * Without such files (Safari before 26, pages without TLS) there is no reserve.
 */
export function fileReserve(database: string): Reserve {
  const name = `${encodeURIComponent(database)}.reserve`;
  return {
    hold: async () => {
      try {
        const directory = await navigator.storage.getDirectory();
        const file = await directory.getFileHandle(name, { create: true });
        if ((await file.getFile()).size === bytes) return true;
        const writable = await file.createWritable();
        await writable.write(new Uint8Array(bytes));
        await writable.close();
        return true;
      } catch {
        return false;
      }
    },
    release: async () => {
      try {
        const directory = await navigator.storage.getDirectory();
        const { size } = await (await directory.getFileHandle(name)).getFile();
        await directory.removeEntry(name);
        return size > 0;
      } catch {
        return false;
      }
    },
  };
}
