import pino, { type DestinationStream } from 'pino';

/** Structured log lines: facts first, then what happened. Facts never hold args, rows or tokens. */
export interface Log {
  info(facts: Record<string, unknown>, message: string): void;
  /** Something that somebody else did wrong, or a refusal; a log without it hears of these as `info`. */
  warn?(facts: Record<string, unknown>, message: string): void;
  error(facts: Record<string, unknown>, message: string): void;
}

/** Never meant to be logged; should a later change hand them in all the same, they are blanked. */
const secrets = [
  'authorization',
  'cookie',
  'token',
  'secret',
  'password',
  'args',
  'row',
  'rows',
  'result',
  'parameters',
];

/**
 * JSON lines by pino: `level` as a word, `time` in ISO 8601, the facts, `msg`.
 *
 * @param level the least that is written: `info` by default; `warn`, `error` and `silent` say less
 * @param destination standard output by default
 */
export function pinoLog({
  level = 'info',
  destination,
}: { level?: 'info' | 'warn' | 'error' | 'silent'; destination?: DestinationStream } = {}): Log {
  const options: pino.LoggerOptions = {
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: [...secrets, ...secrets.map((name) => `*.${name}`)], censor: 'withheld' },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
