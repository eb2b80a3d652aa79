import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');
export const deploy = 'examples/field-ops/deploy';

/** A file that says how the field operation is run. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

export async function page(path: string): Promise<Page> {
  return { path, text: await readFile(join(root, path), 'utf8') };
}

async function pagesIn(folder: string, wanted: (path: string) => boolean = () => true): Promise<Page[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1));
  return Promise.all(paths.filter(wanted).toSorted().map(page));
}

/** The READMEs and everything under `docs/`. */
export const docs: readonly Page[] = [
  ...(await Promise.all(['README.md', 'sdk/README.md', 'server/README.md'].map(page))),
  ...(await pagesIn('docs', (path) => path.endsWith('.md'))),
];
/** The files of the deployment. */
export const deployFiles: readonly Page[] = await pagesIn(deploy);

/** What stands in a page as code, piece by piece: the lines of its blocks, and what is between backticks. */
export function codeOf({ path, text }: Page): string[] {
  if (!path.endsWith('.md')) return text.split('\n');
  const blocks = [...text.matchAll(/```\w*\n(.*?)```/gs)].flatMap(([, block = '']) => block.split('\n'));
  const prose = text.replaceAll(/```\w*\n.*?```/gs, '');
  // One may be broken over two lines.
  return [...blocks, ...[...prose.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll(/\s+/g, ' '))];
}

/** Name → value of a file of `NAME=value` lines, those that are commented out included. */
export function assignmentsIn(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}
