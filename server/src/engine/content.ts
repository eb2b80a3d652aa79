import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** A mutation's content and whether its args can be kept at all. */
export interface Content {
  /** SHA-256 of the RFC 8785 canonical JSON of `[name, args]`, in base64url. */
  readonly hash: string;
  /** The args to keep: as they came, or as text where PostgreSQL's json cannot hold them. */
  readonly args: unknown;
  /** Why PostgreSQL or canonical JSON cannot hold these args; undefined when they can. */
  readonly unfit?: string;
}

export function contentOf(name: string, args: unknown): Content {
  const unfit = unfitness(args) ?? unfitness(name);
  if (unfit === undefined) {
    const canonical = canonicalize([name, args]);
    if (canonical !== undefined) return { hash: sha256(canonical), args };
  }
  // Not canonical JSON, yet a retry must hash the same: JSON.stringify escapes what is not well formed.
  return {
    hash: sha256(JSON.stringify([name, args])),
    args: JSON.stringify(args),
    unfit: unfit ?? 'the arguments are no JSON',
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function unfitness(value: unknown): string | undefined {
  if (typeof value === 'string') {
    if (value.includes('\0')) return 'a text has a NUL character';
    return value.isWellFormed() ? undefined : 'a text has half of a surrogate pair';
  }
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'a number is out of range';
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const unfit = unfitness(key) ?? unfitness(inner);
    if (unfit !== undefined) return unfit;
  }
  return undefined;
}
