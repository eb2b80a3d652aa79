import { SourceMap } from 'node:module';
import { gzipSync } from 'node:zlib';
import type { Bundle } from './bundle.ts';

/** What a part of a bundle takes of it. */
export interface Weight {
  readonly part: string;
  /** Bytes, minified. */
  readonly minified: number;
  /** How many bytes fewer the whole would have without it, after gzip. */
  readonly gzipped: number;
}

export function gzipped(code: string): number {
  return gzipSync(code, { level: 9 }).length;
}

/** Says what each part of a bundle weighs: packages as a whole, our own files one by one. */
export function weigh({ code, map }: Bundle): Weight[] {
  const whole = gzipped(code);
  const owners = ownersOf(code, new SourceMap(JSON.parse(map.toString())));
  const parts = [...new Set(owners)].filter((part) => part !== '');
  const weights = parts.map((part) => {
    const rest = code
      .split('')
      .filter((_, at) => owners[at] !== part)
      .join('');
    return { part, minified: code.length - rest.length, gzipped: whole - gzipped(rest) };
  });
  return weights.toSorted((left, right) => right.gzipped - left.gzipped);
}

/** For each character, the part that it comes from. */
function ownersOf(code: string, map: SourceMap): string[] {
  const names = new Map<string, string>();
  return code.split('\n').flatMap((line, at) => {
    const owners = line.split('').map((_, column) => {
      const entry = map.findEntry(at, column);
      const file = 'originalSource' in entry ? entry.originalSource : '';
      const name = names.get(file) ?? partOf(file);
      names.set(file, name);
      return name;
    });
    return [...owners, ''];
  });
}

function partOf(file: string): string {
  const [, packageName] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
  // What is not of the SDK is the app that it is measured with.
  return packageName ?? /sdk\/src\/.*/.exec(file)?.[0] ?? '';
}
