import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Whom PostgreSQL runs as. */
export interface User {
  uid: number;
  gid: number;
}

export interface RunningPostgres {
  /** Fast shutdown, and the directory is removed. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when its backends have gone too. The directory stays. */
  kill(): Promise<void>;
}

/**
 * Runs postgres and resolves when it accepts connections.
 *
 * @param command the program and its arguments
 * @param directory removed when postgres is stopped or this process ends
 */
export async function startPostmaster(
  command: string[],
  directory: string,
  user: User | undefined,
): Promise<RunningPostgres> {
  const postmaster = new Postmaster(command, directory, user);
  await postmaster.ready();
  return postmaster;
}

/**
 * The parent of postgres is this script, not us: when our end of its stdin closes (we stopped, crashed or were killed)
 * it shuts postgres down and removes the data, so no test run leaves a server behind. After `keep` the data stays.
 * It gives up its own stdout and stderr, so that those pipes end when the last postgres process has ended.
 */
const GUARD = `
directory=$1; shift
"$@" 1>&2 & pid=$!
echo $pid
exec 1>/dev/null 2>/dev/null
read -r word
kill -INT $pid
wait $pid
[ "$word" = keep ] || rm -rf "$directory"
`;

class Postmaster implements RunningPostgres {
  readonly #guard: ChildProcess;
  readonly #ended: Promise<unknown>;
  #pid = 0;
  #log = '';

  constructor(command: string[], directory: string, user: User | undefined) {
    this.#guard = spawn('/bin/sh', ['-c', GUARD, 'guard', directory, ...command], {
      ...user,
      cwd: directory,
      env: { ...process.env, LC_ALL: 'C' },
      // A session of its own: Ctrl-C in the terminal reaches us first.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#ended = new Promise((resolve) => this.#guard.once('exit', resolve));
    this.#guard.stdin?.on('error', () => {});
  }

  async stop(): Promise<void> {
    this.#guard.stdin?.end();
    await this.#ended;
  }

  async kill(): Promise<void> {
    const logEnded = this.#guard.stderr ? once(this.#guard.stderr, 'close') : undefined;
    process.kill(this.#pid, 'SIGKILL');
    this.#guard.stdin?.end('keep\n');
    await Promise.all([this.#ended, logEnded]);
  }

  ready(): Promise<void> {
    const { stdout, stderr } = this.#guard;
    if (!stdout || !stderr) throw new Error('the guard of postgres has no pipes');
    createInterface(stdout).once('line', (line) => {
      this.#pid = Number(line);
    });
    return new Promise((resolve, reject) => {
      this.#guard.once('error', reject);
      stderr.setEncoding('utf8');
      stderr.on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-10_000);
        // A standby is ready to read only.
        if (/database system is ready to accept (read-only )?connections/.test(this.#log)) resolve();
      });
      stderr.once('close', () => {
        this.#guard.stdin?.end('keep\n');
        reject(new Error(`PostgreSQL did not start:\n${this.#log}`));
      });
    });
  }
}
