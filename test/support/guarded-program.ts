import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** A program in a process group of its own. */
export interface GuardedProgram {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Rejects when it has ended: for what waits for it meanwhile. */
  readonly ended: Promise<never>;
  /** SIGKILL to the whole group; resolves when the program has ended. */
  kill(): Promise<void>;
}

/**
 * A shell beside the program kills the group when our end of a pipe closes: we did so, or are gone ourselves, in whatever way.
 * So no test run leaves a browser behind.
 */
const GUARD = 'exec 3<&0; { cat <&3 >/dev/null; kill -KILL 0; } & exec "$@" 3<&- </dev/null';

export function startGuarded(
  program: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): GuardedProgram {
  const child = spawn('/bin/sh', ['-c', GUARD, 'guard', program, ...args], {
    detached: true,
    env: { ...process.env, ...environment },
  });
  const exited = once(child, 'exit');
  const ended = exited.then(([code]) => Promise.reject(new Error(`${program} ended with ${code}`)));
  ended.catch(() => {});
  // What nobody listens to must not fill up the pipe.
  for (const said of [child.stdout, child.stderr]) said.resume();
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    kill: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
