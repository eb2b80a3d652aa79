import { readFileSync } from 'node:fs';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';

/** Where a database is, without what its url says of TLS; and that, as both drivers take it. */
export interface DatabaseAddress {
  readonly url: string;
  /** Empty where the url says nothing of it, or what the drivers read themselves. */
  readonly tls: { readonly ssl?: ConnectionOptions };
}

/**
 * Reads `sslmode=require`, `verify-ca` and `verify-full`, and `sslrootcert`, as PostgreSQL's own programs do. The driver
 * and pg-boss's each have a reading of their own: one takes any certificate for `require`, which the other refuses, and only
 * one knows `sslrootcert`.
 *
 * @throws Error when the certificate cannot be read
 */
export function databaseAddress(url: string): DatabaseAddress {
  // Not by URL: with several hosts it is none.
  const [place = '', ...query] = url.split('?');
  const asked = new URLSearchParams(query.join('?'));
  const mode = asked.get('sslmode') ?? '';
  if (!['require', 'verify-ca', 'verify-full'].includes(mode)) return { url, tls: {} };
  const root = asked.get('sslrootcert') ?? '';
  asked.delete('sslmode');
  asked.delete('sslrootcert');
  const rest = asked.toString();
  return { url: rest === '' ? place : `${place}?${rest}`, tls: { ssl: tlsOptions(mode, root) } };
}

function tlsOptions(mode: string, root: string): ConnectionOptions {
  if (mode === 'require' && root === '') return { rejectUnauthorized: false };
  const known = root === '' || root === 'system';
  // Of authorities that anybody can have a certificate of, the name is all that tells servers apart.
  if (known) return { checkServerIdentity };
  const ca = readFileSync(root);
  return mode === 'verify-full' ? { ca, checkServerIdentity } : { ca, checkServerIdentity: () => undefined };
}
