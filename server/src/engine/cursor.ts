import { createHash } from 'node:crypto';
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
  /** Whose history the positions are of (`historyOf`); in another one they mean nothing. */
  readonly history: string;
  readonly scopes: ReadonlyMap<string, Position>;
}

const Wire = z.object({
  h: z.string().check(z.maxLength(64)),
  // Complete: the version. In the middle of a traversal: [version, began, collection, id].
  s: z.custom<Readonly<Record<string, unknown>>>((value) => typeof value === 'object' && value !== null),
});
type WirePosition = number | readonly [version: number, began: number, collection: string, id: string];

/** Longer cursors are deflated: hundreds of scopes must fit into the URL of a pull. */
const shortBytes = 1024;
/** No cursor of ours inflates to more. */
const mostBytes = 4 * 1024 * 1024;
/** How plain JSON begins; deflated it begins with another byte, whatever kind its first block is of. */
const brace = 0x7b;

/** The name of a tenant's history in a database of this epoch: short, and another one for each tenant. */
export function historyOf(epoch: string, tenant: string): string {
  return createHash('sha256').update(`${epoch}/${tenant}`).digest('base64url').slice(0, 16);
}

export function encodeCursor({ history, scopes }: CursorState): string {
  const s: Record<string, WirePosition> = {};
  for (const [scope, { version, line, began }] of scopes) {
    s[scope] = line === null ? version : [version, began, line.collection, line.id];
  }
  const plain = Buffer.from(JSON.stringify({ h: history, s }));
  return (plain.length < shortBytes ? plain : deflateRawSync(plain)).toString('base64url');
}

/** @throws ProblemError `malformed` */
export function decodeCursor(text: string): CursorState;
export function decodeCursor(text: string | null): CursorState | null;
export function decodeCursor(text: string | null): CursorState | null {
  if (text === null) return null;
  const wire = Wire.safeParse(parse(Buffer.from(text, 'base64url')));
  if (!wire.success) throw noCursor();
  const scopes = new Map<string, Position>();
  for (const [scope, at] of Object.entries(wire.data.s)) scopes.set(scope, positionOf(at));
  return { history: wire.data.h, scopes };
}

/** By hand: a hostile cursor has 150,000 scopes, and a schema would take most of a second over them. */
function positionOf(at: unknown): Position {
  if (isCount(at)) return { version: at, line: null, began: at };
  if (!Array.isArray(at) || at.length !== 4) throw noCursor();
  const [version, began, collection, id] = at as unknown[];
  if (!isCount(version) || !isCount(began) || !isText(collection) || !isText(id)) throw noCursor();
  return { version, began, line: { collection, id } };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Text that PostgreSQL can compare with. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
}

function noCursor(): ProblemError {
  const message = 'not a cursor of this server; send null to start anew';
  return new ProblemError('malformed', `The cursor is ${message}`, { issues: [{ path: 'cursor', message }] });
}

function parse(bytes: Buffer): unknown {
  try {
    const plain = bytes[0] === brace ? bytes : inflateRawSync(bytes, { maxOutputLength: mostBytes });
    return JSON.parse(plain.toString());
  } catch {
    return undefined;
  }
}
