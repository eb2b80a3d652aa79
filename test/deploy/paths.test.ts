import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeOf, deploy, deployFiles, docs, page, root } from './written-down.ts';

/** Paths from the root of the repository, wherever they stand. */
const inRepository =
  /(?<![\w./@-])(?:\/opt\/ekbaar\/)?((?:examples|server|sdk|test|docs|\.ci)\/[\w@./-]*[\w])(?![\w*{<…])/g;

/** How a heading is called in a link. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
/** Headings of the same words are numbered. */
function anchorsOf(text: string): string[] {
  const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
  const numbered = anchors.map((anchor, at) => {
    const before = anchors.slice(0, at).filter((one) => one === anchor).length;
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
  return [...numbered, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)];
}

describe('what is named is there', () => {
  test.each([...docs, ...deployFiles])('files in $path', (file) => {
    const pieces = file.path.endsWith('.md') ? codeOf(file) : [file.text];
    const named = pieces.flatMap((piece) => [...piece.matchAll(inRepository)].map(([, path = '']) => path));
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test.each(docs)('links of $path, and the headings that they lead to', async ({ path, text }) => {
    const prose = text.replaceAll(/```\w*\n.*?```/gs, '');
    const links = [...prose.matchAll(/\]\(([^):\s]+)\)/g)].map(([, link = '']) => link);
    const broken = await Promise.all(
      links.map(async (link) => {
        const [target = '', anchor] = link.split('#');
        const to = target === '' ? path : join(path, '..', target);
        if (!existsSync(join(root, to))) return [link];
        return anchor === undefined || anchorsOf((await page(to)).text).includes(anchor) ? [] : [link];
      }),
    );
    expect(broken.flat()).toEqual([]);
  });

  test('the unit starts a program of the checkout, and names its page', async () => {
    const { text } = await page(`${deploy}/systemd/field-ops@.service`);
    const folder = /^WorkingDirectory=\/opt\/ekbaar\/(.*)$/m.exec(text)?.[1] ?? '-';
    const program = /^ExecStart=\/usr\/bin\/node (.*)$/m.exec(text)?.[1] ?? '-';
    expect(existsSync(join(root, folder, program))).toBe(true);
  });

  test('the table of deployment files has every one', async () => {
    const { text } = await page('docs/operations/deploy.md');
    const files = deployFiles.map(({ path }) => path.slice(deploy.length + 1));
    const named = (file: string) => text.includes(`\`${file}\``) || text.includes(`\`${file.split('/')[0]}/\``);
    expect(files.filter((file) => !named(file) && !file.endsWith('.env.example'))).toEqual([]);
  });
});
