import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, matchesGlob, relative } from 'node:path';
import { promisify } from 'node:util';

/** An instruction as it stands, continued lines joined. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  /** As it is called by `AS`; empty for the last one. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile. */
export function stagesOf(dockerfile: string): Stage[] {
  const lines = dockerfile
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n');
  const stages: { name: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name, text = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
    if (name === 'FROM') stages.push({ name: / AS (\S+)$/.exec(text)?.[1] ?? '', instructions: [] });
    else if (name !== undefined) stages.at(-1)?.instructions.push({ name, text });
  }
  return stages;
}

/** What a `COPY` copies, and where to; `from` another stage, or from the context. */
export function copyOf({ text }: Instruction): { from: string | undefined; sources: string[]; to: string } {
  const words = text.split(/ +/);
  const from = /^--from=(.*)$/.exec(words[0] ?? '')?.[1];
  const paths = from === undefined ? words : words.slice(1);
  return { from, sources: paths.slice(0, -1), to: paths.at(-1) ?? '' };
}

/** Which paths of a build's context an image may have: those that `.dockerignore` does not leave out. */
export async function contextOf(root: string): Promise<(path: string) => boolean> {
  const text = await readFile(join(root, '.dockerignore'), 'utf8');
  const rules = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return (path) => {
    let taken = true;
    // The last rule that fits says it, of the path or of a folder that it is in.
    for (const rule of rules) {
      const pattern = rule.replace(/^!/, '');
      for (let at = path; at !== '.'; at = dirname(at)) {
        if (matchesGlob(at, pattern)) taken = rule.startsWith('!');
      }
    }
    return taken;
  };
}

/**
 * Does what a stage says in a folder that stands for `/`, as far as it can be done without containers: `WORKDIR`, `COPY` from
 * the context, `RUN`.
 */
export async function build(
  stage: Stage,
  context: string,
  into: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const takes = await contextOf(context);
  let directory = into;
  for (const instruction of stage.instructions) {
    if (instruction.name === 'WORKDIR') {
      directory = join(into, instruction.text);
      await mkdir(directory, { recursive: true });
    } else if (instruction.name === 'COPY') {
      const { sources, to } = copyOf(instruction);
      for (const source of sources) await copy(context, source, join(directory, to), to.endsWith('/'), takes);
    } else if (instruction.name === 'RUN') {
      await promisify(execFile)('sh', ['-ec', instruction.text], { cwd: directory, env: environment });
    } else throw new Error(`${instruction.name} of the stage ${stage.name} cannot be done here`);
  }
}

async function copy(
  context: string,
  source: string,
  to: string,
  intoFolder: boolean,
  takes: (path: string) => boolean,
) {
  const from = join(context, source);
  if (!(await stat(from)).isDirectory()) {
    if (!takes(source)) throw new Error(`${source} is copied, and .dockerignore leaves it out`);
    const target = intoFolder ? join(to, source.split('/').at(-1) ?? '') : to;
    await mkdir(dirname(target), { recursive: true });
    return cp(from, target);
  }
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    if (!takes(relative(context, path))) continue;
    const target = join(to, relative(from, path));
    await mkdir(dirname(target), { recursive: true });
    await cp(path, target);
  }
}
