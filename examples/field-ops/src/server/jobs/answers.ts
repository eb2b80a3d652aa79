import { CallFailed, type HttpAnswer, type HttpCall, type HttpRequest } from './http-call.ts';
import type { Answer } from './port.ts';

const excerptLength = 500;
/** No provider makes us wait longer than this in one go. */
const longestWaitMs = 60 * 60_000;

/** How a text began, for people. */
export function excerpt(text: string): string {
  // A database's text holds no NUL.
  const clean = text.replaceAll('\0', '').toWellFormed();
  return clean.length <= excerptLength ? clean : `${clean.slice(0, excerptLength)}…`;
}

/** How an adapter reads the answers of its provider. */
export interface Reading {
  /** What of the request is kept for people: no phone numbers, no secrets. */
  readonly shown: string;
  readonly now: Date;
  /** Of the JSON of a 2xx answer; undefined: it is not an answer of this provider. */
  read(json: object): Answer | undefined;
  /** Of the JSON of any other answer, where its status says too little; undefined: the status says it. */
  readNo?(json: object, status: number): Answer | undefined;
}

/**
 * Calls, and says what the answer means for a request that may be tried again under its key.
 *
 * - 2xx with JSON: `read` decides
 * - 2xx with anything else: something between us and the provider answered: unknown
 * - 408, 425, 429, 409: not done now, later; `Retry-After` is kept (409: the same key is at work, which `sendOnce` takes for
 *   unknown where it can ask)
 * - 401, 403: our own credentials; nothing was done, and nothing will be until somebody mends them: later
 * - any other 3xx and 4xx: a final no
 * - 5xx, a line that broke, no answer in time: it may have been done
 */
export async function ask(call: HttpCall, request: HttpRequest, reading: Reading): Promise<Answer> {
  const asked = { request: excerpt(`${request.method} ${request.url.split('?')[0]} ${reading.shown}`) };
  let answer: HttpAnswer;
  try {
    answer = await call(request);
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    const detail = error.message;
    if (error.refused) return { ...asked, outcome: 'refused', detail };
    return { ...asked, outcome: error.sent ? 'unknown' : 'retry', detail };
  }
  const seen = { ...asked, httpStatus: answer.status, answer: excerpt(answer.text) };
  return { ...seen, ...meaning(answer, reading) };
}

function meaning(answer: HttpAnswer, { read, readNo, now }: Reading): Answer {
  const { status } = answer;
  const detail = `HTTP ${status}`;
  const afterMs = retryAfterMs(answer.headers['retry-after'], now);
  const json = jsonOf(answer.text);
  if (status >= 200 && status < 300) {
    return (
      (json === undefined ? undefined : read(json)) ?? {
        outcome: 'unknown',
        detail: `${detail}, but the answer is not the provider's`,
      }
    );
  }
  const no = json === undefined ? undefined : readNo?.(json, status);
  if (no !== undefined) return no;
  if (status >= 500) return { outcome: 'unknown', detail, afterMs };
  if ([408, 409, 425, 429].includes(status)) return { outcome: 'retry', detail, afterMs };
  if (status === 401 || status === 403)
    return { outcome: 'retry', detail: `${detail}: our credentials are not accepted` };
  return { outcome: 'refused', detail: `${detail}: ${excerpt(answer.text).slice(0, 200)}` };
}

/** `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3). */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now.getTime();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longestWaitMs) : undefined;
}

/** Undefined for what is no JSON object. */
function jsonOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
