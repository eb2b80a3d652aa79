import { access, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { problemsOf } from '../api-reference/compile.ts';
import { docs, page, root } from '../deploy/written-down.ts';

/** Where a page says whose code it shows, and the code. */
const quote = /\]\((?:\.\.\/)+((?:examples|test)\/[\w./-]+)\):\n\n```\w+\n(.*?)```/gs;

const quotes = docs.flatMap(({ path, text }) =>
  [...text.matchAll(quote)].map(([, from = '', code = '']) => ({ path, from, code })),
);

test('guides quote the examples', () => {
  expect(quotes.length).toBeGreaterThan(3);
});

test.each(quotes)('$path shows what is in $from', async ({ from, code }) => {
  expect((await page(from)).text).toContain(code);
});

test('what guides show of their own compiles', () => {
  const pieces = new Map<string, string>(
    docs
      .filter(({ path }) => path.startsWith('docs/guides/') || path === 'sdk/README.md')
      .flatMap(({ path, text }) =>
        [...text.replaceAll(quote, '').matchAll(/```tsx?\n(.*?)```/gs)]
          .map(([, code = ''], at) => [`${path.replaceAll('/', '-')} ${at + 1}`, code] as const)
          // Something is left out.
          .filter(([, code]) => !code.includes('…')),
      ),
  );
  expect(pieces.size).toBeGreaterThan(10);
  pieces.set('planted', "await client.mutate('confirmDelivery', { deliveryId: 1 });");
  const problems = problemsOf(pieces, join(import.meta.dirname, 'surroundings.ts'));
  expect(problems).toEqual([expect.stringMatching(/planted.*(?:No overload|not assignable)/)]);
});

// Of the API reference, TypeDoc tells which of its links are lost.
test.each(docs.filter(({ path }) => !path.startsWith('docs/api/')))(
  'every link of $path leads somewhere',
  async ({ path, text }) => {
    const lost: string[] = [];
    for (const [, target = ''] of text.matchAll(/(?:\]\(|src=")([^)\s"]+)[)"]/g)) {
      if (/^https?:/.test(target)) continue;
      const [file = '', heading] = target.split('#');
      const to = file === '' ? path : join(dirname(path), file);
      const there = await access(join(root, to)).then(
        () => true,
        () => false,
      );
      const found = there && (heading === undefined || !to.endsWith('.md') || (await headingsOf(to)).includes(heading));
      if (!found) lost.push(target);
    }
    expect(lost).toEqual([]);
  },
);

/** The headings of a page, as links name them. */
async function headingsOf(path: string): Promise<string[]> {
  const prose = (await readFile(join(root, path), 'utf8')).replaceAll(/```.*?```/gs, '');
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}
