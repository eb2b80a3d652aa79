import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { limits } from '@ekbaar/sdk/protocol';
import * as z from 'zod/mini';
import { isStorableText } from '../db/text.ts';
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
  s: z.custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  ),
});
type WirePosition = number | readonly [version: number, began: number, collection: string, id: string];

/** Longer cursors are deflated: hundreds of scopes must fit into the URL of a pull. */
const shortBytes = 1024;
/** No cursor of ours inflates to more, nor has more scopes: what does not fit is refused when it is given. */
const mostBytes = 4 * 1024 * 1024;
export const mostScopes = 20_000;
/** How plain JSON begins; deflated it begins with another byte, whatever kind its first block is of. */
const brace = 0x7b;

/** The name of a tenant's history in a database of this epoch: short, and another one for each tenant. */
export function historyOf(epoch: string, tenant: string): string {
  return createHash('sha256').update(`${epoch}/${tenant}`).digest('base64url').slice(0, 16);
}

/**
 * @throws CursorTooLarge an actor may read more than a cursor can hold: nobody could come back with it
 */
export function encodeCursor({ history, scopes }: CursorState): string {
  if (scopes.size > mostScopes) throw new CursorTooLarge(scopes.size);
  const s: Record<string, WirePosition> = {};
  for (const [scope, { version, line, began }] of scopes) {
    s[scope] = line === null ? version : [version, began, line.collection, line.id];
  }
  const plain = Buffer.from(JSON.stringify({ h: history, s }));
  const text = (plain.length < shortBytes ? plain : deflateRawSync(plain)).toString('base64url');
  if (plain.length > mostBytes || text.length > limits.cursorLength) throw new CursorTooLarge(scopes.size);
  return text;
}

/** What an app lets somebody read is cut too fine. */
class CursorTooLarge extends Error {
  override readonly name = 'CursorTooLarge';

  constructor(scopes: number) {
    super(
      `This actor reads ${scopes} scopes at once, and a cursor holds at most ${mostScopes} (fewer with long names): ` +
        'let it read coarser ones, or pull with some of them at a time (?scope=)',
    );
  }
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

/** By hand: a schema would take a tenth of a second over 20,000 scopes. */
function positionOf(at: unknown): Position {
  if (isCount(at)) return { version: at, line: null, began: at };
  if (!Array.isArray(at) || at.length !== 4) throw noCursor();
  const [version, began, collection, id] = at as unknown[];
  if (!isCount(version) || !isCount(began) || !isStorableText(collection) || !isStorableText(id)) throw noCursor();
  return { version, began, line: { collection, id } };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function noCursor(): ProblemError {
  const message = 'not a cursor of this server; send null to start anew';
  return new ProblemError('malformed', `The cursor is ${message}`, { issues: [{ path: 'cursor', message }] });
}

function parse(bytes: Buffer): unknown {
  try {
    const plain = bytes[0] === brace ? bytes : inflateRawSync(bytes, { maxOutputLength: mostBytes });
    return isTooRich(plain) ? undefined : JSON.parse(plain.toString());
  } catch {
    return undefined;
  }
}

const [quote, backslash, colon, comma, openBracket, openBrace] = [0x22, 0x5c, 0x3a, 0x2c, 0x5b, 0x7b];

/**
 * Whether there is more in it than any cursor of ours has: counted in one pass outside of strings, for 160,000 scopes
 * that are parsed hold the whole node up for a third of a second.
 */
function isTooRich(json: Buffer): boolean {
  let keys = 0;
  let parts = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === quote) {
      for (at++; at < json.length && json[at] !== quote; at++) if (json[at] === backslash) at++;
    } else if (byte === colon) keys++;
    else if (byte === comma || byte === openBracket || byte === openBrace) parts++;
    // `h` and `s` and each scope; a scope in the middle of a version is a list of four.
    if (keys > mostScopes + 2 || parts > 5 * mostScopes + 3) return true;
  }
  return false;
}
