import { SyncError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import type { SyncRequest, SyncResponse } from '../protocol/index.ts';
import { isAnswer, isProblem, readAs } from './answer.ts';
import { exchange } from './exchange.ts';
import type { Line } from './line.ts';
import type { Tokens } from './tokens.ts';

/** Below this many characters, compressing costs more than it saves. */
const gzipFrom = 1024;
/** A proxy that asks for more than this is not obeyed to the letter. */
const mostRetryAfterMs = 10 * 60_000;

/** Carries one request to the server and believes only what is an answer to it. */
export class Transport {
  readonly #url: string;
  readonly #platform: Platform;
  readonly #tokens: Tokens;
  readonly #line: Line;
  readonly #closing: AbortSignal;
  readonly #timeHeard: (sent: number, serverTime: number, received: number) => void;
  #gzip = true;

  /** @param options.timeHeard is told the device's clock as a request went and its answer began, and the server's in it */
  constructor(options: {
    url: string;
    platform: Platform;
    tokens: Tokens;
    line: Line;
    closing: AbortSignal;
    timeHeard: (sent: number, serverTime: number, received: number) => void;
  }) {
    this.#url = `${options.url}/v1/sync`;
    this.#platform = options.platform;
    this.#tokens = options.tokens;
    this.#line = options.line;
    this.#closing = options.closing;
    this.#timeHeard = options.timeHeard;
  }

  /**
   * Sends `request`, once more with a new token after a 401, and uncompressed after a 415.
   *
   * @param giveUp aborts when the answer is no longer wanted; then ClosedError is thrown.
   * @throws SyncError for everything that is not the server's answer to this very request.
   */
  async send(request: SyncRequest, giveUp: AbortSignal): Promise<SyncResponse> {
    const text = JSON.stringify(request);
    let renewed = false;
    for (;;) {
      const token = await this.#tokens.current();
      const compress = this.#gzip && text.length >= gzipFrom ? this.#platform.gzip : undefined;
      const started = this.#platform.now();
      const answer = await this.#post(token, text, compress, giveUp);
      if (answer.status === 200) {
        const response = parseAnswer(answer.text, request);
        const { arrival } = answer;
        this.#line.answered(arrival, request.mutations.length, response.delta.changes.length);
        this.#timeHeard(started, Date.parse(response.serverTime), started + arrival.waitedMs);
        return response;
      }
      if (answer.status === 415 && compress) {
        this.#gzip = false;
        continue;
      }
      const refusal = this.#refusal(answer);
      if (answer.status === 401) {
        const surely = refusal.recovery === 'token';
        if (surely || !renewed) this.#tokens.refused(token, surely);
        if (!renewed) {
          renewed = true;
          continue;
        }
      }
      throw refusal;
    }
  }

  async #post(token: string, text: string, compress: Platform['gzip'], giveUp: AbortSignal) {
    const headers: Record<string, string> = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    if (compress) headers['content-encoding'] = 'gzip';
    const ends = [this.#closing, giveUp];
    try {
      const body = compress ? await compress(text) : text;
      // A redirect is a captive portal's: it must not get the mutations.
      const init: RequestInit = { method: 'POST', headers, body, cache: 'no-store', redirect: 'error' };
      return await exchange(
        { platform: this.#platform, ends, waitMs: this.#line.waitMs(body.length) },
        this.#url,
        init,
      );
    } catch (cause) {
      const timedOut = cause instanceof SyncError && cause.code === 'timeout';
      if (timedOut) this.#line.timedOut();
      if (timedOut || ends.some(({ aborted }) => aborted)) throw cause;
      throw new SyncError('unreachable', 'The server cannot be reached', { cause });
    }
  }

  #refusal(answer: { status: number; retryAfter: string | null; text: string }): SyncError {
    const { status } = answer;
    const said = readAs(isProblem, answer.text);
    const problem = said?.status === status ? said : undefined;
    const message = problem?.detail ?? problem?.title ?? `The answer had status ${status}`;
    if (status === 413) return new SyncError('too_large', message, { recovery: 'paused' });
    if (status === 429 || status === 503) {
      const retryAfterMs = this.#retryAfterMs(answer.retryAfter);
      const code = problem?.code ?? (status === 429 ? 'throttled' : 'unavailable');
      if (retryAfterMs === 0) return new SyncError(code, message);
      return new SyncError(code, message, { recovery: problem ? 'asked' : 'hinted', retryAfterMs });
    }
    // Portals and proxies refuse too, in pages of their own: only the server's own word stops the loop.
    if (!problem) return new SyncError('not_an_answer', message);
    switch (status) {
      case 401:
        return new SyncError('needs_token', message, { recovery: 'token' });
      case 400:
      case 403:
      case 409:
        return new SyncError(problem.code, message, { recovery: 'paused' });
      default:
        return new SyncError(problem.code, message);
    }
  }

  #retryAfterMs(header: string | null): number {
    if (header === null) return 0;
    const seconds = Number(header);
    const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - this.#platform.now();
    return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), mostRetryAfterMs) : 0;
  }
}

function parseAnswer(text: string, request: SyncRequest): SyncResponse {
  const answer = readAs(isAnswer, text);
  const lie = (why: string) => new SyncError('not_an_answer', `Not the server's answer: ${why}`);
  if (!answer) throw lie('it is not of this protocol');
  if (answer.request !== request.request) throw lie('it answers another request');
  const keys = new Map(request.mutations.map(({ id, key }) => [id, key]));
  for (const { id, key } of answer.receipts) {
    if (keys.get(id) !== key) throw lie(`it has a receipt for mutation ${id} that was not asked for`);
  }
  return answer;
}
