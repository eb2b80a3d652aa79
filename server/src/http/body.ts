import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { limits } from '@ekbaar/sdk/protocol';
import * as z from 'zod/mini';
import { issuesOf, ProblemError } from '../problem.ts';

const gunzipped = promisify(gunzip);

/**
 * Bytes of a refused body that are read all the same, so that its sender hears the answer and not a broken pipe, and may send
 * the next request on the same connection: a sender that has sent all would not know that it is cut.
 */
const drainBytes = 32 * limits.bodyBytes;

/** Told of bytes of a body before they are kept; throws when there is no room for them. */
export type HoldBytes = (request: Request, bytes: number) => void;

/**
 * A request's JSON body, within the limits of size, also after decompression, and of depth.
 *
 * @throws ProblemError `unsupported_encoding`, `too_large`, `malformed`, and what `hold` throws
 */
export async function readJson(request: Request, hold: HoldBytes = () => {}): Promise<unknown> {
  return parseJson(await readBytes(request, hold));
}

/**
 * The JSON of a body that was read already, for who checks a signature over its bytes first.
 *
 * @throws ProblemError `malformed`: not UTF-8, not JSON, or nested deeper than a body may be
 */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw malformedBody('not UTF-8', error);
  }
  if (isDeeperThan(text, limits.jsonDepth)) throw malformedBody(`nested deeper than ${limits.jsonDepth} levels`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformedBody('not JSON', error);
  }
}

/** What was read, as the schema has it. @throws ProblemError `malformed` with the issues */
export function parsed<T>(schema: z.ZodMiniType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = issuesOf(result.error);
  throw new ProblemError('malformed', `The ${what} does not fit: ${issues[0]?.path || what}: ${issues[0]?.message}`, {
    issues,
  });
}

async function readBytes(request: Request, hold: HoldBytes): Promise<Uint8Array> {
  const encoding = request.headers.get('content-encoding')?.trim().toLowerCase() || 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip') {
    throw new ProblemError(
      'unsupported_encoding',
      `The content encoding "${encoding}" is not understood: send gzip or none`,
    );
  }
  const sent = await readBody(request, limits.bodyBytes, hold);
  if (encoding === 'identity') return sent;
  try {
    const unpacked = await gunzipped(sent, { maxOutputLength: limits.bodyBytes });
    hold(request, unpacked.byteLength);
    return unpacked;
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw tooLarge ? tooLargeBody(limits.bodyBytes) : malformedBody('not gzip', error);
  }
}

/**
 * The bytes of a request's body, as they were sent.
 *
 * @param limit how many it may have
 * @throws ProblemError `too_large`; `malformed` when the line broke; and what `hold` throws
 */
export async function readBody(request: Request, limit: number, hold: HoldBytes = () => {}): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let noRoom: unknown;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength;
      if (size > drainBytes) break;
      if (size > limit || noRoom !== undefined) continue;
      try {
        hold(request, chunk.byteLength);
        chunks.push(chunk);
      } catch (error) {
        noRoom = error;
        chunks.length = 0;
      }
    }
  } catch (error) {
    throw malformedBody('not there to its end: the line broke', error);
  }
  if (size > limit) throw tooLargeBody(limit);
  if (noRoom !== undefined) throw noRoom;
  return Buffer.concat(chunks);
}

/**
 * Reads a body that nobody wants and throws it away: who is refused while still sending would hear of a broken line in
 * place of the refusal.
 */
export async function discardBody(request: Request): Promise<void> {
  if (request.body === null || request.bodyUsed) return;
  let size = 0;
  try {
    for await (const chunk of request.body) {
      size += chunk.byteLength;
      if (size > drainBytes) return;
    }
  } catch {
    // The sender has gone.
  }
}

/** Counts brackets outside of strings, in one pass, so that neither a hostile depth nor hostile quotes cost more than their length. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === '\\') at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') depth--;
    if (depth > limit) return true;
  }
  return false;
}

function tooLargeBody(limit: number): ProblemError {
  return new ProblemError(
    'too_large',
    `A body has at most ${limit} bytes, also after decompression: send less at a time`,
  );
}

function malformedBody(what: string, cause?: unknown): ProblemError {
  return new ProblemError('malformed', `The body is ${what}`, { issues: [{ path: '', message: what }], cause });
}
