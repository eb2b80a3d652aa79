import type { Limits, ObserveOptions } from '@ekbaar/server';
import * as z from 'zod/mini';
import { LimitVariables, limitsIn } from './limits.ts';

const port = z.coerce.number().check(z.int(), z.minimum(0), z.maximum(65_535));
const count = z.coerce.number().check(z.int(), z.positive(), z.maximum(1_000_000));
const seconds = z.coerce.number().check(z.nonnegative(), z.maximum(600));
const filled = z.string().check(z.minLength(1));
const postgresUrl = filled.check(z.refine(isPostgresUrl, 'it must be postgres://user:password@host:port/database'));
/** The driver of the outbox, unlike the engine's, knows of one only. */
const oneHost = 'it must name one host: a name or an address that follows the primary, or a pooler';

const Environment = z.object({
  NODE_ENV: z._default(z.string(), 'development'),
  PORT: z._default(port, 8787),
  HOST: z._default(filled, '127.0.0.1'),
  DATABASE_URL: z.optional(postgresUrl.check(z.refine((url) => URL.canParse(url), oneHost))),
  DATABASE_POOLER: z.optional(z.enum(['transaction'])),
  DATABASE_REPLICA_URL: z.optional(postgresUrl),
  EKBAAR_DATA_DIR: z._default(filled, '.ekbaar'),
  EKBAAR_CONNECTIONS: z._default(count.check(z.maximum(1000)), 10),
  EKBAAR_DRAIN_SECONDS: z.optional(seconds),
  ...LimitVariables.shape,
  EKBAAR_JWT_SECRET: z.optional(filled),
  EKBAAR_JWKS_URL: z.optional(z.url({ protocol: /^https?$/, error: 'it must be an http or https URL' })),
  EKBAAR_PROXIES: z._default(z.coerce.number().check(z.int(), z.minimum(0), z.maximum(10)), 0),
  EKBAAR_LOG_LEVEL: z._default(z.enum(['info', 'warn', 'error', 'silent']), 'info'),
  EKBAAR_ACCESS_LOG: z.optional(z.enum(['on', 'off'])),
  EKBAAR_METRICS_TOKEN: z.optional(filled),
  EKBAAR_WORKER: z.optional(z.enum(['inside', 'apart'])),
  EKBAAR_WORKER_PORT: z._default(port, 8788),
  EKBAAR_WORKER_JOBS: z._default(count.check(z.maximum(200)), 10),
  EKBAAR_PROVIDERS_FILE: z.optional(filled),
  EKBAAR_OUTGOING_ALLOWED: z.optional(filled),
  EKBAAR_OUTGOING_SECONDS: z._default(z.coerce.number().check(z.positive(), z.maximum(60)), 20),
  EKBAAR_TRACK_DAYS: z._default(count.check(z.maximum(3660)), 92),
  EKBAAR_AUDIT_DAYS: z._default(count.check(z.minimum(30), z.maximum(3660)), 400),
  EKBAAR_SEED: z.optional(z.enum(['demo', 'none'])),
  EKBAAR_SEED_AGENTS: z._default(count, 30),
  EKBAAR_SEED_DELIVERIES: z._default(count, 3000),
});

/** Their names. */
export const variables: readonly string[] = Object.keys(Environment.shape);

/** Everything that can be set from outside. */
export interface Config {
  readonly production: boolean;
  readonly port: number;
  readonly host: string;
  readonly databaseUrl: string | undefined;
  /** `transaction` when that url leads to a pooler of this mode. */
  readonly pooler: 'transaction' | undefined;
  /** A streaming standby of it, for deltas. */
  readonly replicaUrl: string | undefined;
  readonly dataDir: string;
  /** Most connections to PostgreSQL. */
  readonly connections: number;
  readonly limits: Partial<Limits>;
  readonly logLevel: 'info' | 'warn' | 'error' | 'silent';
  readonly observe: ObserveOptions;
  /** How long the server goes on after it was told to stop, so that load balancers notice. */
  readonly drainMs: number;
  /** How many proxies of ours each request comes through, for the address that it came from. */
  readonly proxies: number;
  readonly keys: { secret: string } | { jwksUrl: string };
  /** What is set and does nothing, in words for the log. */
  readonly warnings: readonly string[];
  readonly worker: {
    /** In the server's process; otherwise `worker.ts` is one of its own. */
    readonly inside: boolean;
    /** Where a worker of its own answers `/healthz`, `/readyz` and `/metrics`. */
    readonly port: number;
    /** Jobs of one queue at once. */
    readonly jobs: number;
  };
  /** What goes out to other parties. */
  readonly outgoing: {
    readonly providersFile: string | undefined;
    /** Ranges of addresses, not public, that webhooks may go to. */
    readonly allowedAddresses: readonly string[];
    readonly timeoutMs: number;
  };
  /** For so many days it is kept where agents were. */
  readonly trackDays: number;
  /** For so many days it is kept who signed in, and who did what to accounts and phones. */
  readonly auditDays: number;
  /** The demo day, and with it signing in as anybody of it; undefined: neither. */
  readonly demo: { readonly agents: number; readonly deliveries: number } | undefined;
}

/**
 * Reads the environment; a variable set to nothing counts as absent.
 *
 * @param randomSecret makes the secret of a development server that was given none
 * @throws TypeError that names the variable and what it must be
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  randomSecret: () => string,
): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    throw new TypeError(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  }
  const set = parsed.data;
  const production = set.NODE_ENV === 'production';
  return {
    production,
    port: set.PORT,
    host: set.HOST,
    databaseUrl: set.DATABASE_URL,
    pooler: set.DATABASE_POOLER,
    replicaUrl: replicaIn(set),
    dataDir: set.EKBAAR_DATA_DIR,
    connections: set.EKBAAR_CONNECTIONS,
    limits: limitsIn(set),
    logLevel: set.EKBAAR_LOG_LEVEL,
    observe: {
      accessLog: (set.EKBAAR_ACCESS_LOG ?? (production ? 'on' : 'off')) === 'on',
      ...(set.EKBAAR_METRICS_TOKEN === undefined ? {} : { metricsToken: set.EKBAAR_METRICS_TOKEN }),
    },
    drainMs: (set.EKBAAR_DRAIN_SECONDS ?? (production ? 5 : 0)) * 1000,
    proxies: set.EKBAAR_PROXIES,
    keys: keysOf(set, production, randomSecret),
    warnings:
      set.EKBAAR_JWKS_URL !== undefined && set.EKBAAR_JWT_SECRET !== undefined
        ? [
            'EKBAAR_JWT_SECRET is not used: EKBAAR_JWKS_URL is set, and only tokens of the identity provider are believed',
          ]
        : [],
    worker: {
      // PGlite has one process and one connection; beside PostgreSQL a worker can be stopped, and fail, by itself.
      inside: (set.EKBAAR_WORKER ?? (set.DATABASE_URL === undefined ? 'inside' : 'apart')) === 'inside',
      ...{ port: set.EKBAAR_WORKER_PORT, jobs: set.EKBAAR_WORKER_JOBS },
    },
    outgoing: {
      providersFile: set.EKBAAR_PROVIDERS_FILE,
      allowedAddresses: (set.EKBAAR_OUTGOING_ALLOWED ?? '').split(/[\s,]+/).filter((range) => range !== ''),
      timeoutMs: set.EKBAAR_OUTGOING_SECONDS * 1000,
    },
    trackDays: set.EKBAAR_TRACK_DAYS,
    auditDays: set.EKBAAR_AUDIT_DAYS,
    demo:
      (set.EKBAAR_SEED ?? (production ? 'none' : 'demo')) === 'demo'
        ? { agents: set.EKBAAR_SEED_AGENTS, deliveries: set.EKBAAR_SEED_DELIVERIES }
        : undefined,
  };
}

function replicaIn(set: z.infer<typeof Environment>): string | undefined {
  if (set.DATABASE_REPLICA_URL !== undefined && set.DATABASE_URL === undefined)
    throw new TypeError('DATABASE_REPLICA_URL: a replica of what? Set DATABASE_URL too');
  return set.DATABASE_REPLICA_URL;
}

function keysOf(set: z.infer<typeof Environment>, production: boolean, randomSecret: () => string): Config['keys'] {
  if (set.EKBAAR_JWKS_URL !== undefined) return { jwksUrl: set.EKBAAR_JWKS_URL };
  if (set.EKBAAR_JWT_SECRET !== undefined) return { secret: set.EKBAAR_JWT_SECRET };
  if (production)
    throw new TypeError(
      'EKBAAR_JWT_SECRET (or EKBAAR_JWKS_URL) must be set in production: without it anybody could sign in',
    );
  return { secret: randomSecret() };
}

/** One with several hosts, as PostgreSQL's own programs take it, is no URL otherwise: each has a port of its own. */
function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:/.test(text) && URL.canParse(text.replace(/,[^/?@]*(?=[/?]|$)/, ''));
}
