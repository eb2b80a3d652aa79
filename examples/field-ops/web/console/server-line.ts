import { Delta, Poke } from '@ekbaar/sdk/protocol';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type DemoAccount, fetchToken } from '../shared/demo-account.ts';
import { withTimeLimit } from './time-limit.ts';

/** The server did not answer with what was asked for. */
class LineError extends Error {
  override readonly name = 'LineError';
  readonly code: 'unreachable' | 'refused' | 'not_an_answer';
  constructor(code: 'unreachable' | 'refused' | 'not_an_answer', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const rowsPerPage = 1000;

/** Asks the server in an account's name, with a token that is renewed when it has run out. */
export class ServerLine {
  readonly #account: DemoAccount;
  #token: Promise<string> | null = null;

  constructor(account: DemoAccount) {
    this.#account = account;
  }

  /** One page of what changed since `cursor`; null is the beginning. Throws LineError or DemoSignInError. */
  async pull(cursor: string | null, signal: AbortSignal): Promise<Delta> {
    const query = new URLSearchParams({ limit: String(rowsPerPage) });
    if (cursor !== null) query.set('cursor', cursor);
    const parsed = await withTimeLimit(30_000, signal, async (limited) => {
      const response = await this.#get(`/v1/pull?${query}`, limited);
      return Delta.safeParse(await response.json().catch(() => undefined));
    });
    if (!parsed.success) throw new LineError('not_an_answer', '/v1/pull answered with something else');
    return parsed.data;
  }

  /** Calls back at each poke, and once when the stream is open; resolves when the stream ends. */
  async listen(signal: AbortSignal, opened: () => void, poked: () => void): Promise<void> {
    const response = await this.#get('/v1/events', signal);
    if (!response.body) throw new LineError('not_an_answer', '/v1/events answered without a stream');
    opened();
    const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    const reader = events.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (next.value.event === 'poke' && Poke.safeParse(parsedJson(next.value.data)).success) poked();
    }
  }

  async #get(path: string, signal: AbortSignal): Promise<Response> {
    const first = await this.#try(path, signal);
    if (first.status !== 401) return accepted(path, first);
    this.#token = null;
    return accepted(path, await this.#try(path, signal));
  }

  async #try(path: string, signal: AbortSignal): Promise<Response> {
    const token = await this.#freshToken();
    try {
      return await fetch(path, { headers: { authorization: `Bearer ${token}` }, cache: 'no-store', signal });
    } catch (cause) {
      throw new LineError('unreachable', `${path} could not be reached`, { cause });
    }
  }

  /** Pulls and the stream share a token; one that could not be had is asked for again the next time. */
  async #freshToken(): Promise<string> {
    this.#token ??= fetchToken(this.#account);
    try {
      return await this.#token;
    } catch (error) {
      this.#token = null;
      throw error;
    }
  }
}

function accepted(path: string, response: Response): Response {
  if (!response.ok) throw new LineError('refused', `${path} answered ${response.status}`);
  return response;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
