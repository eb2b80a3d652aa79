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

/**
 * What a bracket, a colon or a comma takes once it is parsed, in bytes: a mebibyte of `{},{},` becomes 17 of objects. Of what
 * was tried nothing takes more than twice that.
 */
const bytesPerMark = 32;

/**
 * Told of bytes of a body before they are kept; throws when there is no room for them.
 *
 * @param sent whether they came over the line, or out of what did; the others are what is made of them
 */
export type HoldBytes = (bytes: number, sent: boolean) => void;

const counted = new WeakMap<Request, HoldBytes>();

/** From here on what is read of a request's body is counted, whoever reads it: also the routes of the app's own. */
export function countBody(request: Request, hold: HoldBytes): void {
  counted.set(request, hold);
}

function holdOf(request: Request): HoldBytes {
  return counted.get(request) ?? (() => {});
}

/**
 * A request's JSON body, within the limits of size, also after decompression, and of depth.
 *
 * @param limit how many bytes it may have, a mebibyte by default
 * @throws ProblemError `unsupported_encoding`, `too_large`, `malformed`; `overloaded` and `throttled` where there is no room
 */
export async function readJson(request: Request, limit: number = limits.bodyBytes): Promise<unknown> {
  return parseJson(await readBytes(request, limit), holdOf(request));
}

/**
 * The JSON of a body that was read already, for who checks a signature over its bytes first.
 *
 * @param hold told of what it will take
 * @throws ProblemError `malformed`: not UTF-8, not JSON, or nested deeper than a body may be; and what `hold` throws
 */
export function parseJson(bytes: Uint8Array, hold: HoldBytes = () => {}): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw malformedBody('not UTF-8', error);
  }
  const marks = marksIn(text, limits.jsonDepth);
  if (marks === undefined) throw malformedBody(`nested deeper than ${limits.jsonDepth} levels`);
  hold(marks * bytesPerMark, false);
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

async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const encoding = request.headers.get('content-encoding')?.trim().toLowerCase() || 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip') {
    throw new ProblemError(
      'unsupported_encoding',
      `The content encoding "${encoding}" is not understood: send gzip or none`,
    );
  }
  const sent = await readBody(request, limit);
  if (encoding === 'identity') return sent;
  try {
    const unpacked = await gunzipped(sent, { maxOutputLength: limit });
    holdOf(request)(unpacked.byteLength, true);
    return unpacked;
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw tooLarge ? tooLargeBody(limit) : malformedBody('not gzip', error);
  }
}

/**
 * The bytes of a request's body, as they were sent.
 *
 * @param limit how many it may have
 * @throws ProblemError `too_large`; `malformed` when the line broke; `overloaded` and `throttled` where there is no room
 */
export async function readBody(request: Request, limit: number): Promise<Buffer> {
  const hold = holdOf(request);
  const chunks: Uint8Array[] = [];
  let size = 0;
  let noRoom: unknown;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength;
      if (size > drainBytes) break;
      if (size > limit || noRoom !== undefined) continue;
      try {
        hold(chunk.byteLength, true);
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

/**
 * Counts what takes memory outside of strings, in one pass, so that neither a hostile depth nor hostile quotes cost more than
 * their length.
 *
 * @returns undefined when it is nested deeper than `limit`
 */
function marksIn(text: string, limit: number): number | undefined {
  let [depth, marks] = [0, 0];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === '\\') at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === ',' || character === ':') marks++;
    else if (character === '[' || character === '{') {
      depth++;
      marks++;
    } else if (character === ']' || character === '}') depth--;
    if (depth > limit) return undefined;
  }
  return marks;
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
