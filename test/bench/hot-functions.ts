import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What of a .cpuprofile is used: https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const most = 40;
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The functions in which a server spent its time, by self time; then the same by package. */
export async function hotFunctions(file: string): Promise<string[]> {
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
    const place = placeOf(frame.url);
    const name = `${frame.functionName || '(anonymous)'}${place === '' ? '' : ` ${place}:${frame.lineNumber + 1}`}`;
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
  return [...lines(byFunction, most), 'by package:', ...lines(byPackage, 15)];
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
    .slice(0, place.startsWith('@') || place.startsWith('server/src/') ? 3 : 2)
    .join('/');
}
