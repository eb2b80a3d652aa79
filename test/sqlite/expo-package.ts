import { mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import type * as Expo from 'expo-sqlite';
import { build, type Plugin } from 'vite';

/**
 * The JavaScript of `expo-sqlite` as it is published. Its native side, which only a phone has, is node:sqlite here, and
 * behaves as the package's Kotlin does: a statement is stepped once when it is run, and the rest of its rows are fetched.
 *
 * @param directory where the package keeps its files.
 */
export async function expoPackage(directory: string): Promise<typeof Expo> {
  Object.assign(globalThis, {
    expoSqliteNative: {
      defaultDatabaseDirectory: directory,
      NativeDatabase,
      NativeStatement,
      ensureDatabasePathExistsAsync: async (path: string) => void mkdirSync(dirname(path), { recursive: true }),
      deleteDatabaseAsync: async (path: string) => rmSync(path),
    },
  });
  const code = await bundle();
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as typeof Expo;
}

/** Calls come over from another thread. */
async function natively<T>(work: () => T): Promise<T> {
  await setImmediate();
  try {
    return work();
  } catch (cause) {
    throw new Error(`Call to function 'NativeStatement' has been rejected. → Caused by: ${String(cause)}`, { cause });
  }
}

class NativeDatabase {
  readonly #path: string;
  #database: DatabaseSync | undefined;

  constructor(path: string, options: { useNewConnection?: boolean }) {
    if (options.useNewConnection !== true) throw new TypeError('A shared connection was not expected');
    this.#path = path;
  }

  initAsync = () => natively(() => void (this.#database = new DatabaseSync(this.#path)));
  prepareAsync = (statement: NativeStatement, sql: string) =>
    natively(() => {
      if (!this.#database) throw new Error('Access to closed resource');
      statement.prepared = this.#database.prepare(sql);
    });
  closeAsync = () => natively(() => this.#database?.close());
}

type Row = readonly unknown[];

class NativeStatement {
  prepared: StatementSync | undefined;
  #rows: Iterator<unknown> | undefined;

  runAsync = (_database: unknown, params: Record<string, string | number>) =>
    natively(() => {
      this.#rows?.return?.();
      this.prepared?.setReturnArrays(true);
      this.#rows = this.prepared?.iterate(...Object.values(params));
      const first = this.#rows?.next();
      return { lastInsertRowId: 0, changes: 0, firstRowValues: first?.done ? [] : (first?.value as Row) };
    });
  getColumnNamesAsync = () => natively(() => this.prepared?.columns().map(({ name }) => name));
  getAllAsync = () =>
    natively(() => {
      const rows: Row[] = [];
      for (let row = this.#rows?.next(); row && !row.done; row = this.#rows?.next()) rows.push(row.value as Row);
      return rows;
    });
}

async function bundle(): Promise<string> {
  const folder = dirname(createRequire(import.meta.url).resolve('expo-sqlite/package.json'));
  const result = await build({
    configFile: false,
    logLevel: 'error',
    plugins: [phone],
    build: {
      write: false,
      minify: false,
      lib: { entry: `${folder}/build/SQLiteDatabase.js`, formats: ['es'], fileName: 'expo' },
    },
  });
  const [output] = [result].flat();
  const chunk = output && 'output' in output ? output.output[0] : undefined;
  if (!chunk) throw new Error('vite built nothing');
  return chunk.code;
}

/** What the package takes from the phone. */
const phone: Plugin = {
  name: 'phone',
  enforce: 'pre',
  resolveId: (id) => (id === 'react-native' || id.startsWith('expo') ? `\0${id}` : undefined),
  load(id) {
    if (id === '\0react-native') return `export const Platform = { OS: 'android' };`;
    if (id === '\0expo') return 'export const requireNativeModule = () => globalThis.expoSqliteNative;';
    return id.startsWith('\0expo') ? 'export {};' : undefined;
  },
};
