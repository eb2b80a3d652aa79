import { Problem } from '@ekbaar/sdk/protocol';
import * as z from 'zod/mini';
import type { TokenSource } from '../server-line.ts';
import { withTimeLimit } from '../time-limit.ts';

/** The server did not do what it was asked. `detail` is in its own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** 0: no answer of the server. */
  readonly status: number;
  /** The problem's code, or `unreachable`, `not_an_answer`. */
  readonly code: string;

  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

const Rejected = z.object({
  status: z.literal('rejected'),
  error: z.object({ code: z.string(), message: z.string() }),
});
const Outcome = z.object({ status: z.enum(['applied', 'dead']) });

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks the routes of the operation in somebody's name. */
export class ApiLine {
  readonly #token: TokenSource;
  /** What is being posted, by its path and body. */
  readonly #posting = new Map<string, Promise<Answer>>();

  constructor(token: TokenSource) {
    this.#token = token;
  }

  /** @throws ApiError, or what the token's source throws */
  get<T>(path: string, schema: z.ZodMiniType<T>, signal: AbortSignal = never): Promise<T> {
    return read(schema, this.#send(path, {}, signal));
  }

  /** Once: who clicks twice gets the answer of the first, whose code or secret is shown only there. */
  post<T>(path: string, schema: z.ZodMiniType<T>, body: object): Promise<T> {
    const what = `${path} ${JSON.stringify(body)}`;
    const sent =
      this.#posting.get(what) ?? this.#send(path, posted(body), never).finally(() => this.#posting.delete(what));
    this.#posting.set(what, sent);
    return read(schema, sent);
  }

  /** The file that a route answers with, under the name that it gives it. */
  async download(path: string): Promise<File> {
    const { status, body } = await this.#send(path, {}, never, asFile);
    if (body instanceof File) return body;
    throw refusalOf(status, body);
  }

  /** Sends a file as it is. */
  upload<T>(path: string, schema: z.ZodMiniType<T>, file: Blob, type: string): Promise<T> {
    return read(schema, this.#send(path, { method: 'POST', headers: { 'content-type': type }, body: file }, never));
  }

  /**
   * Does a mutation once by its key: to send it again does nothing more, and brings the same outcome.
   *
   * @throws ApiError with the code of the rejection when the server says no
   */
  async mutate(name: string, args: object, key: string): Promise<void> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    const init = { method: 'POST', headers, body: JSON.stringify(args) };
    const { status, body } = await this.#send(`/v1/mutations/${name}`, init, never);
    const rejected = Rejected.safeParse(body);
    if (rejected.success) throw new ApiError(status, rejected.data.error.code, rejected.data.error.message);
    const outcome = Outcome.safeParse(body);
    if (!outcome.success) throw refusalOf(status, body);
    if (outcome.data.status === 'dead')
      throw new ApiError(status, 'dead', 'The server gave up on it: see dead letters');
  }

  async #send(path: string, init: RequestInit, signal: AbortSignal, as = asJson): Promise<Answer> {
    const first = await this.#try(path, init, 'first', signal, as);
    return first.status === 401 ? this.#try(path, init, 'expired', signal, as) : first;
  }

  async #try(path: string, init: RequestInit, why: 'first' | 'expired', signal: AbortSignal, as: typeof asJson) {
    const token = await this.#token(why);
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${token}`);
    // A file is as large as it is, and the line as slow.
    const limitMs = init.body instanceof Blob || as === asFile ? 600_000 : 30_000;
    return withTimeLimit(limitMs, signal, async (limited) => {
      try {
        const response = await fetch(path, { ...init, headers, cache: 'no-store', signal: limited });
        return { status: response.status, body: await as(response) };
      } catch (cause) {
        throw new ApiError(0, 'unreachable', 'The server could not be reached', { cause });
      }
    });
  }
}

const never = new AbortController().signal;

async function read<T>(schema: z.ZodMiniType<T>, answer: Promise<Answer>): Promise<T> {
  const { status, body } = await answer;
  if (status < 200 || status > 299) throw refusalOf(status, body);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const words = 'The server answered something that this page does not know. Load it again.';
  throw new ApiError(status, 'not_an_answer', words, { cause: parsed.error });
}

/** Undefined for what is not JSON. */
function asJson(response: Response): Promise<unknown> {
  return response.json().catch(() => undefined);
}

async function asFile(response: Response): Promise<unknown> {
  if (!response.ok) return asJson(response);
  const [, name = ''] = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '') ?? [];
  return new File([await response.blob()], name);
}

function posted(body: object): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function refusalOf(status: number, body: unknown): ApiError {
  const problem = Problem.safeParse(body);
  if (!problem.success)
    return new ApiError(
      status,
      'not_an_answer',
      `The server did not answer as it should (${status}). Try again in a moment.`,
    );
  const { code, title, detail = title } = problem.data;
  return new ApiError(status, code, detail);
}
