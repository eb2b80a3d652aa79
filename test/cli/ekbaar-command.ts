import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const main = join(import.meta.dirname, '../../server/src/cli/main.ts');
/** The app whose config the commands read. */
const fieldOps = join(import.meta.dirname, '../../examples/field-ops');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly note: string;
}

/** Runs `ekbaar` as a process of its own, in the app's folder, on the database of `url`. */
export async function ekbaar(
  url: string | undefined,
  args: readonly string[],
  given: { directory?: string; environment?: Record<string, string> } = {},
): Promise<Ended> {
  const { DATABASE_URL: _, DATABASE_POOLER: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [main, ...args], {
    cwd: given.directory ?? fieldOps,
    env: { ...inherited, ...(url === undefined ? {} : { DATABASE_URL: url }), ...given.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // One that hangs is a failure, not a wait.
    timeout: 240_000,
    killSignal: 'SIGKILL',
  });
  let [out, note] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (note += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, note };
}
