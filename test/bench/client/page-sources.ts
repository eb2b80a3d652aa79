import { SourceMap, type SourceMapping } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CallFrame } from '../hot-functions.ts';

/** For a page that is not minified: finds where a function of its bundle was written. */
export async function pageSources(url: string): Promise<(frame: CallFrame) => { url: string; line: number }> {
  const script = await (await fetch(new URL('page.js', url))).text();
  const [, inlined = ''] = /\/\/# sourceMappingURL=data:[^,]*,(\S+)\s*$/.exec(script) ?? [];
  const map = new SourceMap(JSON.parse(Buffer.from(inlined, 'base64').toString()));
  // Vite names sources as seen from where it would have written the bundle.
  const written = pathToFileURL(join(process.cwd(), 'dist/page.js'));
  return ({ url: of, lineNumber, columnNumber }) => {
    const entry: Partial<SourceMapping> = of.endsWith('/page.js') ? map.findEntry(lineNumber, columnNumber) : {};
    const { originalSource, originalLine } = entry;
    if (originalSource === undefined || originalLine === undefined) return { url: of, line: lineNumber + 1 };
    return { url: new URL(originalSource, written).href, line: originalLine + 1 };
  };
}
