import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod/mini';
import { ProblemError } from '../problem.ts';

/** How far a client has come in one scope. */
export interface Position {
  readonly version: number;
  /** The last line received of `version`; null when all of them were. */
  readonly line: { readonly collection: string; readonly id: string } | null;
  /** The scope's version when this traversal began: what the client may have missed lies above it. */
  readonly began: number;
}

/** A client's cursor, decoded. Opaque on the wire, and never believed about what the actor may read. */
export interface CursorState {
  /** The database's history; positions of another history mean nothing here. */
  readonly epoch: string;
  readonly scopes: ReadonlyMap<string, Position>;
}

const count = z.int().check(z.nonnegative());
/** Text that PostgreSQL can compare with. */
const text = z.string().check(z.refine((value) => !value.includes('\0') && value.isWellFormed()));
const Wire = z.object({
  e: z.string().check(z.maxLength(64)),
  // Complete: the version. In the middle of a traversal: [version, began, collection, id].
  s: z.record(z.string(), z.union([count, z.tuple([count, count, text, text])])),
});

/** Longer cursors are deflated: hundreds of scopes must fit into the URL of a pull. */
const shortBytes = 1024;
/** No cursor of ours inflates to more. */
const mostBytes = 4 * 1024 * 1024;
/** How plain JSON begins; deflated it begins with another byte, whatever kind its first block is of. */
const brace = 0x7b;

export function encodeCursor({ epoch, scopes }: CursorState): string {
  const s: Record<string, z.infer<typeof Wire>['s'][string]> = {};
  for (const [scope, { version, line, began }] of scopes) {
    s[scope] = line === null ? version : [version, began, line.collection, line.id];
  }
  const plain = Buffer.from(JSON.stringify({ e: epoch, s }));
  return (plain.length < shortBytes ? plain : deflateRawSync(plain)).toString('base64url');
}

/** @throws ProblemError `malformed` */
export function decodeCursor(text: string): CursorState;
export function decodeCursor(text: string | null): CursorState | null;
export function decodeCursor(text: string | null): CursorState | null {
  if (text === null) return null;
  const wire = Wire.safeParse(parse(Buffer.from(text, 'base64url')));
  if (!wire.success) {
    const message = 'not a cursor of this server; send null to start anew';
    throw new ProblemError('malformed', `The cursor is ${message}`, { issues: [{ path: 'cursor', message }] });
  }
  const scopes = new Map<string, Position>();
  for (const [scope, at] of Object.entries(wire.data.s)) {
    scopes.set(
      scope,
      typeof at === 'number'
        ? { version: at, line: null, began: at }
        : { version: at[0], began: at[1], line: { collection: at[2], id: at[3] } },
    );
  }
  return { epoch: wire.data.e, scopes };
}

function parse(bytes: Buffer): unknown {
  try {
    const plain = bytes[0] === brace ? bytes : inflateRawSync(bytes, { maxOutputLength: mostBytes });
    return JSON.parse(plain.toString());
  } catch {
    return undefined;
  }
}
