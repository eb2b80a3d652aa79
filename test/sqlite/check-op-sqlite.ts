/**
 * Holds the types of the published `@op-engineering/op-sqlite` against what our driver asks of it:
 * `node test/sqlite/check-op-sqlite.ts`. A command of its own, since the package is a download of 115 MB.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const version = '18.2.5';

const root = join(import.meta.dirname, '..', '..');
const directory = mkdtempSync(join(tmpdir(), 'ekbaar-op-sqlite-'));
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  const tarball = run('npm', 'pack', '--silent', `@op-engineering/op-sqlite@${version}`).trim();
  run('tar', '-xzf', tarball, 'package/package.json', 'package/lib/typescript');
  writeFileSync(
    join(directory, 'check.ts'),
    `import * as op from './package/lib/typescript/src/index.js';
     import { opSqlite } from '${join(root, 'sdk', 'dist', 'store', 'sqlite', 'op.js')}';
     opSqlite({ open: op.open });
     // A check that cannot fail would be worth nothing.
     // @ts-expect-error
     opSqlite({ open: op.openAsync });
    `,
  );
  const options = [
    '--noEmit',
    '--skipLibCheck',
    '--strict',
    '--exactOptionalPropertyTypes',
    '--module',
    'esnext',
    '--moduleResolution',
    'bundler',
  ];
  run(join(root, 'node_modules', '.bin', 'tsc'), ...options, '--lib', 'es2024,dom', 'check.ts');
  console.log(`The driver fits @op-engineering/op-sqlite ${version}.`);
} finally {
  rmSync(directory, { recursive: true });
}
