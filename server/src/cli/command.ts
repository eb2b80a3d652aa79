import { parseArgs, type ParseArgsConfig } from 'node:util';

/** Where a command runs, and where it says things. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  readonly clock: () => Date;
  /** A line of the answer. */
  out(text: string): void;
  /** A line about the work, which is no part of the answer. */
  note(text: string): void;
}

/** What the process ends with. */
export const exit = { done: 0, failed: 1, misused: 2 } as const;
export type Exit = (typeof exit)[keyof typeof exit];

export interface Command {
  /** Everything that `--help` says. */
  readonly help: string;
  run(args: readonly string[], terminal: Terminal): Promise<Exit>;
}

/** The command line is not one that the command understands. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const databaseOptions = {
  database: { type: 'string' },
  pooler: { type: 'string' },
} as const;

export const databaseHelp = `  --database URL      postgres://user:password@host:port/database; by default DATABASE_URL
  --pooler transaction  the URL leads to a pooler in transaction mode; by default DATABASE_POOLER`;

export const configOptions = { config: { type: 'string', short: 'c' } } as const;

export const configHelp = `  -c, --config FILE   the module whose default export is defineConfig({ … }); by default ekbaar.config.ts here`;

/**
 * Takes a command line apart.
 *
 * @throws UsageError for an option that there is not, or one without its value
 */
export function parse<O extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** @throws UsageError when there is anything behind the options */
export function noMore(positionals: readonly string[]): void {
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is one word too many`);
}

/** @throws UsageError that names what is missing */
export function required(value: string | undefined, what: string): string {
  if (value === undefined || value === '') throw new UsageError(`${what} is missing`);
  return value;
}
