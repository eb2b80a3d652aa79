import { DrizzleQueryError } from 'drizzle-orm';
import { databaseCode, databaseFault } from './fault.ts';

/** What helps, by SQLSTATE or connection code; the first that fits. */
const waysOut: readonly (readonly [RegExp, string])[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'correct the name of its host, or see to the DNS'],
  [/^ECONNREFUSED$/, 'start PostgreSQL there, or correct host and port'],
  [/^(ETIMEDOUT|E\w+UNREACH|CONNECT_TIMEOUT)$/, 'correct host and port, or let this machine through the firewall'],
  [/^(ECONNRESET|EPIPE|CONNECTION_\w+)$/, 'see that PostgreSQL listens there, and takes TLS or none as sslmode has it'],
  [/^28P01$/, 'correct user and password'],
  [/^28...$/, 'let this user in from here: its role needs LOGIN, and pg_hba.conf a line for it'],
  [/^3D000$/, 'create that database, or correct its name'],
  [/^42501$/, 'give its user the right to it, or name the owner'],
  [/^53300$/, 'end sessions, let nodes keep fewer, or raise max_connections and the limits of role and database'],
  [/^55000$/, 'let it: ALTER DATABASE … ALLOW_CONNECTIONS true'],
  [/^55P03$/, 'end the session that holds the lock, or try again'],
  [/^57P..$/, 'try again when it is up'],
  [/^25006$/, 'name the primary'],
  [/CERT|^UNABLE_TO_/, 'name the authority that signed it in sslrootcert, and the host as the certificate does'],
];

/**
 * Why a database cannot be worked with, and what helps, for whoever operates it; undefined when an error says nothing of that.
 * Holds neither a password nor what a statement was about.
 */
export function whyUnusable(error: unknown): string | undefined {
  const code = databaseCode(error);
  if (code === undefined || (databaseFault(error) !== 'unavailable' && code !== '42501')) return undefined;
  const wayOut = waysOut.find(([codes]) => codes.test(code))?.[1];
  const message = messageOf(error) ?? code;
  return wayOut === undefined ? message : `${message}; ${wayOut}`;
}

/** Of the first error that is not Drizzle's, which quotes the statement's parameters. Of an address that has several, there is none. */
function messageOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return error instanceof DrizzleQueryError || error.message === '' ? messageOf(error.cause) : error.message;
}
