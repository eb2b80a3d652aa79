/**
 * Builds the agent app and the console into `dist-web`, unless that was done from the same sources.
 * Run it with `node web/build.ts`; `--force` builds in any case.
 */
import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { build } from 'vite';
import { oneAtATime } from './one-at-a-time.ts';
import { hashOf } from './sources.ts';

// Vite takes whatever is set already, such as a test runner's "test", and builds without the service worker then.
process.env['NODE_ENV'] = 'production';

const apps = ['agent', 'console'];
const here = import.meta.dirname;
const repository = join(here, '../../..');
const out = join(here, '../dist-web');
const stampFile = join(out, 'built-from');

const shared = (await readdir(join(here, '../src'))).filter((name) => /(?<!\.test)\.ts$/.test(name));
const sharedFiles = shared.map((name) => `examples/field-ops/src/${name}`);
const libraries = ['sdk/src', 'sdk/package.json', 'pnpm-lock.yaml'];
const stamp = await hashOf(repository, ['examples/field-ops/web', ...sharedFiles, ...libraries]);

await mkdir(out, { recursive: true });
// Two builds at once empty each other's folder, and a service worker comes out that keeps half of the app.
await oneAtATime(join(out, 'building'), async () => {
  if (!process.argv.includes('--force') && (await isBuiltFrom(stamp))) return console.log('web apps: built already');
  const started = performance.now();
  await rm(stampFile, { force: true });
  for (const app of apps) {
    await build({ configFile: join(here, app, 'vite.config.ts'), logLevel: 'warn', mode: 'production' });
  }
  await writeFile(stampFile, stamp);
  console.log(`web apps: built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
});

async function isBuiltFrom(expected: string): Promise<boolean> {
  try {
    await Promise.all(apps.map((app) => access(join(out, app, 'index.html'))));
    return (await readFile(stampFile, 'utf8')) === expected;
  } catch {
    return false;
  }
}
