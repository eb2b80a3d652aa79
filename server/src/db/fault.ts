/** What a failed statement says of the database, as opposed to the mutation that ran it. */
export type DatabaseFault =
  /** Two transactions, or one and a change of a table, were in each other's way: run the whole transaction again. */
  | 'conflict'
  /** The database is away, full or shutting down, or a lock was not had in time: nobody's fault, try later. */
  | 'unavailable';

const conflicts = new Set(['40001', '40P01']);
/** SQLSTATE classes 08 (connection), 28 (sign-in), 53 (resources), 57P (shutdown, failover), 58 (system); and single codes. */
const unavailable = /^(08...|28...|3D000|53...|57P..|55P03|25006|58...)$/;
/** Ends of a session that are the doing of what ran in it: it was idle in its transaction, or took too long over it. */
const ownDoing = /^25P0[34]$/;
/** How the pool says that none of its connections came free in time. */
export const noConnectionInTime = 'NO_CONNECTION_IN_TIME';
/** How postgres.js and the network name a connection that is lost, or never came about. */
const connectionCodes = new Set([
  noConnectionInTime,
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  // Of a server whose certificate is not believed.
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
]);

/**
 * Raised where what runs in a transaction has asked nothing for so long that it will not come back: its own fault, though
 * PostgreSQL ends its session too (`idle_in_transaction_session_timeout`).
 */
export class NeverCameBack extends Error {
  override readonly name = 'NeverCameBack';

  constructor(quietMs: number) {
    super(`It neither asked the database nor came to an end for ${quietMs} ms`);
  }
}

/** The SQLSTATE or connection code of an error, looked for through its causes. */
export function databaseCode(error: unknown): string | undefined {
  return databaseError(error)?.code;
}

interface DatabaseError {
  readonly code: string;
  readonly routine?: unknown;
  readonly severity?: unknown;
}

function databaseError(error: unknown): DatabaseError | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && (/^[0-9A-Z]{5}$/.test(at.code) || connectionCodes.has(at.code)))
      return at as Error & DatabaseError;
  }
  return undefined;
}

/** Whether PostgreSQL let no session begin or ended one, for whatever reason: the statement did nothing wrong. */
function hasNoSession({ code, severity }: DatabaseError): boolean {
  return (severity === 'FATAL' || severity === 'PANIC') && !ownDoing.test(code);
}

/** Whether a table changed under a plan that a connection keeps: a new connection makes a new one. */
export function isStalePlan(error: unknown): boolean {
  const found = databaseError(error);
  return found?.code === '0A000' && found.routine === 'RevalidateCachedQuery';
}

/** Whether an error is the database's fault, and of which kind; undefined: it is somebody else's. */
export function databaseFault(error: unknown): DatabaseFault | undefined {
  const found = databaseError(error);
  if (found === undefined) return undefined;
  const { code } = found;
  if (conflicts.has(code) || isStalePlan(error)) return 'conflict';
  return unavailable.test(code) || connectionCodes.has(code) || hasNoSession(found) ? 'unavailable' : undefined;
}
