import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildWebApps } from '../support/build-web-apps.ts';

const built = join(import.meta.dirname, '../../examples/field-ops/dist-web/agent');
/** What a first screen may load of scripts, gzip. */
const budget = 152_500;

describe('the built agent app', () => {
  const scripts = new Map<string, string>();
  let page = '';

  beforeAll(async () => {
    await buildWebApps();
    page = await readFile(join(built, 'index.html'), 'utf8');
    for (const name of await readdir(join(built, 'assets'))) {
      if (name.endsWith('.js')) scripts.set(name, await readFile(join(built, 'assets', name), 'utf8'));
    }
  });

  const named = (pattern: RegExp, text: string) => [...text.matchAll(pattern)].flatMap(([, name]) => name ?? []);
  /** A script and everything that it imports at once. */
  function withImports(name: string, seen = new Set<string>()): Set<string> {
    if (seen.has(name)) return seen;
    seen.add(name);
    const text = scripts.get(name);
    if (text === undefined) throw new RangeError(`there is no script ${name}`);
    for (const imported of named(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g, text)) withImports(imported, seen);
    return seen;
  }
  const weight = (names: Iterable<string>) =>
    [...names].reduce((sum, name) => sum + gzipSync(scripts.get(name) ?? '', { level: 9 }).length, 0);

  test('opens today’s list with less than 152.5 kB of scripts, in the heaviest language', () => {
    const [entry = ''] = named(/src="\/agent\/assets\/([^"]+\.js)"/g, page);
    const first = withImports(entry);
    const languages = [...scripts.keys()].filter((name) => /^[a-z]{2}-[\w-]{8}\.js$/.test(name));
    expect(languages.length).toBeGreaterThanOrEqual(3);
    const weights = languages.map((language) => weight(new Set([...first, ...withImports(language)])));
    console.log(`the first screen: ${Math.max(...weights)} bytes of scripts, gzip, in ${first.size + 1} files`);
    expect(Math.max(...weights)).toBeLessThan(budget);
  });

  test('has its heavier screens in scripts of their own', () => {
    const [entry = ''] = named(/src="\/agent\/assets\/([^"]+\.js)"/g, page);
    const first = [...withImports(entry)];
    for (const lazy of [
      'map-screen',
      'delivery-sheet',
      'close-screen',
      'history-screen',
      'inspector',
      'settings-sheet',
    ]) {
      expect([...scripts.keys()]).toContainEqual(expect.stringMatching(new RegExp(`^${lazy}-`)));
      expect(first).not.toContainEqual(expect.stringMatching(new RegExp(`^${lazy}-`)));
    }
  });

  test('is kept on the phone whole: no script is missing without a network', async () => {
    const worker = await readFile(join(built, 'sw.js'), 'utf8');
    for (const name of scripts.keys()) expect(worker).toContain(`assets/${name}`);
    expect(worker).toContain('index.html');
  });
});
