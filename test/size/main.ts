/**
 * Bundles what apps bundle, and has size-limit hold it to the budgets of `.size-limit.json`.
 * With `--parts`, prints what each part takes of the app's bundle; with `--write`, weighs the peers too and writes `docs/size.md`.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, bundle } from './bundle.ts';
import { pageOf } from './page.ts';
import { weighPeers } from './peers.ts';
import { gzipped, weigh } from './weigh.ts';

const root = join(import.meta.dirname, '../..');
const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(join(root, file), 'utf8'));

const { exports } = (await read('sdk/package.json')) as { exports: Record<string, string> };
const budgets = (await read('.size-limit.json')) as { name: string; path: string; limit: string }[];

const entries = new Map([
  ['app', join(import.meta.dirname, 'app.ts')],
  ['client', join(import.meta.dirname, 'client.ts')],
  ...Object.entries(exports).map(([name, file]) => [fileNameOf(name), join(root, 'sdk', file)] as const),
]);

await mkdir(join(import.meta.dirname, 'dist'), { recursive: true });
const sizes: { name: string; bytes: number; limit: string }[] = [];
let app: Bundle | undefined;
for (const [name, entry] of entries) {
  const path = `test/size/dist/${name}.js`;
  const budget = budgets.find((one) => one.path === path);
  if (!budget) throw new Error(`.size-limit.json has no budget for ${path}`);
  const made = await bundle(entry);
  if (name === 'app') app = made;
  await writeFile(join(root, path), made.code);
  sizes.push({ name: budget.name, bytes: gzipped(made.code), limit: budget.limit });
}
const wanted = ['--parts', '--write'].filter((flag) => process.argv.includes(flag));
const parts = app && wanted.length > 0 ? weigh(app) : [];
if (wanted.includes('--parts'))
  for (const { part, gzipped: bytes } of parts) console.log(String(bytes).padStart(6), part);
if (wanted.includes('--write')) await writeFile(join(root, 'docs/size.md'), pageOf(sizes, parts, await weighPeers()));
process.exitCode = spawnSync('size-limit', { cwd: root, stdio: 'inherit' }).status ?? 1;

/** `.` → `index`, `./store/idb` → `store-idb`. */
function fileNameOf(entryPoint: string): string {
  return entryPoint.slice(2).replaceAll('/', '-') || 'index';
}
