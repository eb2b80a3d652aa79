import * as z from 'zod/mini';

const port = z.coerce.number().check(z.int(), z.minimum(0), z.maximum(65_535));
const count = z.coerce.number().check(z.int(), z.positive(), z.maximum(1_000_000));
const filled = z.string().check(z.minLength(1));

const Environment = z.object({
  NODE_ENV: z._default(z.string(), 'development'),
  PORT: z._default(port, 8787),
  HOST: z._default(filled, '127.0.0.1'),
  DATABASE_URL: z.optional(filled),
  EKBAAR_DATA_DIR: z._default(filled, '.ekbaar'),
  EKBAAR_JWT_SECRET: z.optional(filled),
  EKBAAR_JWKS_URL: z.optional(z.url()),
  EKBAAR_SEED: z.optional(z.enum(['demo', 'none'])),
  EKBAAR_SEED_AGENTS: z._default(count, 30),
  EKBAAR_SEED_DELIVERIES: z._default(count, 3000),
});

/** Everything that can be set from outside. */
export interface Config {
  readonly production: boolean;
  readonly port: number;
  readonly host: string;
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly keys: { secret: string } | { jwksUrl: string };
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
    dataDir: set.EKBAAR_DATA_DIR,
    keys: keysOf(set, production, randomSecret),
    demo:
      (set.EKBAAR_SEED ?? (production ? 'none' : 'demo')) === 'demo'
        ? { agents: set.EKBAAR_SEED_AGENTS, deliveries: set.EKBAAR_SEED_DELIVERIES }
        : undefined,
  };
}

function keysOf(set: z.infer<typeof Environment>, production: boolean, randomSecret: () => string): Config['keys'] {
  if (set.EKBAAR_JWKS_URL !== undefined && set.EKBAAR_JWT_SECRET !== undefined) {
    throw new TypeError('EKBAAR_JWKS_URL and EKBAAR_JWT_SECRET: set one of them, not both');
  }
  if (set.EKBAAR_JWKS_URL !== undefined) return { jwksUrl: set.EKBAAR_JWKS_URL };
  if (set.EKBAAR_JWT_SECRET !== undefined) return { secret: set.EKBAAR_JWT_SECRET };
  if (production)
    throw new TypeError(
      'EKBAAR_JWT_SECRET (or EKBAAR_JWKS_URL) must be set in production: without it anybody could sign in',
    );
  return { secret: randomSecret() };
}
