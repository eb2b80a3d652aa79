/**
 * Bundles what apps bundle, and has size-limit hold it to the budgets of `.size-limit.json`.
 * With `--modules`, prints what each module takes of the app's bundle, before minifying.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from './bundle.ts';

const root = join(import.meta.dirname, '../..');
const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(join(root, file), 'utf8'));

const { exports } = (await read('sdk/package.json')) as { exports: Record<string, string> };
const budgets = (await read('.size-limit.json')) as { path: string }[];

const entries = new Map([
  ['app', join(import.meta.dirname, 'app.ts')],
  ['client', join(import.meta.dirname, 'client.ts')],
  ...Object.entries(exports).map(([name, file]) => [fileNameOf(name), join(root, 'sdk', file)] as const),
]);

await mkdir(join(import.meta.dirname, 'dist'), { recursive: true });
for (const [name, entry] of entries) {
  const path = `test/size/dist/${name}.js`;
  if (!budgets.some((budget) => budget.path === path)) throw new Error(`.size-limit.json has no budget for ${path}`);
  const { code, modules } = await bundle(entry);
  await writeFile(join(root, path), code);
  if (name === 'app' && process.argv.includes('--modules')) {
    const sizes = modules.map(([id, { renderedLength }]) => [id, renderedLength] as const);
    for (const [id, size] of sizes.toSorted(([, a], [, b]) => b - a)) console.log(String(size).padStart(7), id);
  }
}
process.exitCode = spawnSync('size-limit', { cwd: root, stdio: 'inherit' }).status ?? 1;

/** `.` → `index`, `./store/idb` → `store-idb`. */
function fileNameOf(entryPoint: string): string {
  return entryPoint.slice(2).replaceAll('/', '-') || 'index';
}
