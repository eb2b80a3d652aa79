import { describe, expect, test } from 'vitest';
import { run } from '../../server/src/cli/run.ts';
import { codeOf, deployFiles, docs, page } from './written-down.ts';

/** What `ekbaar …` answers on standard output. */
async function answer(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const code = await run(args, {
    ...{ environment: {}, directory: '/', clock: () => new Date(0) },
    ...{ out: (text) => void lines.push(text), note: (text) => void lines.push(text) },
  });
  expect({ code, lines }).toMatchObject({ code: 0 });
  return lines.join('\n');
}

const offered = [...(await answer('--help')).matchAll(/^ {2}([a-z-]+) {2}/gm)].map(([, name = '']) => name);
const pages = [...docs, ...deployFiles];

/** How the page on traces calls what the server records. */
const span = /^ekbaar (?:push|mutate|delta|page|row|(?:write|read|sweep) transaction)$/;

/** Every `ekbaar …` that stands somewhere, as its words. */
const commands = pages.flatMap((file) =>
  codeOf(file)
    .filter((line) => !span.test(line))
    .flatMap((line) =>
      [...line.matchAll(/(?:^|[\s([;,"'])(?<!role |-g |to )ekbaar[, ]+([a-z][a-z-]*(?:[, ]+[^;&|)#\]]*)?)/g)].map(
        ([, words = '']) => ({
          path: file.path,
          words: words.split(/[\s,]+/).filter((word) => word !== ''),
        }),
      ),
    ),
);

describe('commands that are written down', () => {
  test('there are many, of every kind', () => {
    expect(commands.length).toBeGreaterThan(30);
    expect(new Set(commands.map(({ words }) => words[0]))).toEqual(new Set(offered));
  });

  test.each(offered)('ekbaar %s has every action and option that is asked of it', async (name) => {
    const help = await answer(name, '--help');
    const says = (pattern: string) => new RegExp(pattern, 'm').test(help);
    const missing = commands
      .filter(({ words }) => words[0] === name)
      .flatMap(({ path, words }) => {
        const [, action = ''] = words;
        const options = words.filter((word) => /^--[a-z]/.test(word));
        const acts = ['epoch', 'dead-letters'].includes(name) && /^[a-z]/.test(action);
        const known =
          options.every((option) => says(`(^|[\\s[,])${option}(?![a-z-])`)) &&
          (!acts || says(`ekbaar ${name} ${action}(?![a-z-])`));
        return known ? [] : [`${path}: ekbaar ${words.join(' ')}`];
      });
    expect(missing).toEqual([]);
  });

  test('ekbaar’s own page has every command', async () => {
    const { text } = await page('docs/cli.md');
    for (const name of offered) expect(text).toMatch(new RegExp(`^\\| \`${name}`, 'm'));
  });

  test.each(pages)('$path names scripts of the root’s package.json', async (file) => {
    const { scripts } = JSON.parse((await page('package.json')).text) as { scripts: Record<string, string> };
    const known = new Set([...Object.keys(scripts), 'install', 'ci', 'pack', 'publish']);
    // A comment speaks of pnpm, not to it.
    const lines = codeOf(file).filter((line) => !line.startsWith('#'));
    const called = lines.flatMap((line) => [...line.matchAll(/\b(?:npm run(?: --silent)?|npm|pnpm) ([a-z][a-z-]*)/g)]);
    expect(called.filter(([, script = '']) => !known.has(script)).map(([all]) => all)).toEqual([]);
  });
});
