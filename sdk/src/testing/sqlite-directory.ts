import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as sqlite from 'node:sqlite';
import { afterAll } from 'vitest';
import { nodeSqlite } from '../store/sqlite/node.ts';
import type { OpenSqlite } from '../store/sqlite/index.ts';

/** A directory for the SQLite files of one test file, and the driver that opens them there. */
export function sqliteDirectory(): { path: string; open: OpenSqlite } {
  const path = mkdtempSync(join(tmpdir(), 'ekbaar-sqlite-'));
  afterAll(() => rmSync(path, { recursive: true }));
  return { path, open: nodeSqlite(sqlite, path) };
}
