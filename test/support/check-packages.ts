/**
 * Packs what would be published and checks it as its users will meet it: publint reads the manifest and the files,
 * attw resolves the types as each kind of TypeScript project does. Run after `tsc -b`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const bin = (name: string) => join(root, 'node_modules', '.bin', name);

const failures = ['sdk', 'server'].flatMap(checkPackage);
console.log(failures.length === 0 ? 'Both packages are fit to be published.' : failures.join('\n'));
process.exitCode = failures.length === 0 ? 0 : 1;

function checkPackage(name: string): string[] {
  const directory = mkdtempSync(join(tmpdir(), `ekbaar-pack-${name}-`));
  try {
    execFileSync('npx', ['-y', 'pnpm@12.21.0', 'pack', '--pack-destination', directory], {
      cwd: join(root, name),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [archive] = readdirSync(directory);
    if (!archive) return [`${name}: nothing was packed`];
    const tarball = join(directory, archive);
    return [
      ...run(`${name}: publint`, bin('publint'), [tarball, '--strict']),
      // The packages are ESM only, on purpose.
      ...run(`${name}: attw`, bin('attw'), [tarball, '--profile', 'esm-only', '--no-emoji']),
      ...unwanted(name, tarball),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function run(what: string, command: string, args: string[]): string[] {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? [] : [`${what} failed:\n${stdout}${stderr}`];
}

function unwanted(name: string, tarball: string): string[] {
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).split('\n');
  const missing = files.some((file) => file.endsWith('/LICENSE')) ? [] : [`${name}: LICENSE is not in the package`];
  return [...missing, ...files.filter((file) => /\.test\.|tsbuildinfo/.test(file)).map((file) => `${name}: ${file}`)];
}
