import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a function begins; lines and columns count from 0. */
export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** What of a .cpuprofile is used: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The functions in which the time was spent, by self time; then the same by package.
 *
 * @param locate finds the source of a function; Node's own profiles name it already.
 */
export async function hotFunctions(
  file: string,
  locate: (frame: CallFrame) => { url: string; line: number } = ({ url, lineNumber }) => ({
    url,
    line: lineNumber + 1,
  }),
  most = 40,
): Promise<string[]> {
  const { nodes, samples, timeDeltas } = JSON.parse(await readFile(file, 'utf8')) as CpuProfile;
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byFunction = new Map<string, number>();
  const byPackage = new Map<string, number>();
  let total = 0;
  samples.forEach((id, at) => {
    const frame = frames.get(id);
    const micros = timeDeltas[at] ?? 0;
    if (frame === undefined) return;
    total += micros;
    const { url, line } = locate(frame);
    const place = placeOf(url);
    const name = `${frame.functionName || '(anonymous)'}${place === '' ? '' : ` ${place}:${line}`}`;
    byFunction.set(name, (byFunction.get(name) ?? 0) + micros);
    const owner = packageOf(frame.functionName, place);
    byPackage.set(owner, (byPackage.get(owner) ?? 0) + micros);
  });
  const lines = (of: Map<string, number>, count: number) =>
    [...of]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(
        ([name, micros]) =>
          `${((100 * micros) / total).toFixed(1).padStart(5)} %  ${(micros / 1000).toFixed(0).padStart(6)} ms  ${name}`,
      );
  return [...lines(byFunction, most), 'by package:', ...lines(byPackage, Math.min(most, 15))];
}

function placeOf(url: string): string {
  if (!url.startsWith('file:')) return url;
  return relative(root, fileURLToPath(url)).replace(/^.*node_modules\//, '');
}

function packageOf(functionName: string, place: string): string {
  if (place === '') return functionName.startsWith('(') ? functionName : 'native code';
  if (place.startsWith('node:')) return 'node';
  return place
    .split('/')
    .slice(0, /^(@|server\/src\/|sdk\/src\/)/.test(place) ? 3 : 2)
    .join('/');
}
