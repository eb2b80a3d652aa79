import { Delta, Poke } from '@ekbaar/sdk/protocol';
import { EventSourceParserStream } from 'eventsource-parser/stream';
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

/** Gives the access token; another one when the server has refused the one before. */
export type TokenSource = (why: 'first' | 'expired') => Promise<string>;

/** Asks the server in somebody's name, with a token that is renewed when it has run out. */
export class ServerLine {
  readonly #token: TokenSource;

  constructor(token: TokenSource) {
    this.#token = token;
  }

  /** One page of what changed since `cursor`; null is the beginning. Throws LineError, or what the token's source throws. */
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
    const first = await this.#try(path, 'first', signal);
    if (first.status !== 401) return accepted(path, first);
    return accepted(path, await this.#try(path, 'expired', signal));
  }

  async #try(path: string, why: 'first' | 'expired', signal: AbortSignal): Promise<Response> {
    const token = await this.#token(why);
    try {
      return await fetch(path, { headers: { authorization: `Bearer ${token}` }, cache: 'no-store', signal });
    } catch (cause) {
      throw new LineError('unreachable', `${path} could not be reached`, { cause });
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
