import { Agent, type Dispatcher, request } from 'undici';
import { AddressGuard, AddressRefused } from './address-guard.ts';

/** A request to an outside party. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** At most `mostAnswerBytes` of it. */
  readonly text: string;
}

/** Why there is no answer. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  /** Whether the other side may have got the request, and so may have done what it asks for. */
  readonly sent: boolean;
  /** The address is not one that may be called: trying again helps only when its owner changes it. */
  readonly refused: boolean;

  constructor(message: string, { sent, refused = false, cause }: { sent: boolean; refused?: boolean; cause: unknown }) {
    super(message, { cause });
    this.sent = sent;
    this.refused = refused;
  }
}

/** One request and its whole answer. No redirects are followed. @throws CallFailed */
export type HttpCall = (request: HttpRequest) => Promise<HttpAnswer>;

/** What no answer of a provider comes near to. */
const mostAnswerBytes = 64 * 1024;
const headersMs = 15_000;
const wholeMs = 20_000;

/** Errors that come before a byte of the request has left. */
const beforeSending = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'],
  ...['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UND_ERR_INVALID_ARG'],
]);

export interface CallOptions {
  /** For URLs that came from outside; absent: they were configured by whoever runs this. */
  readonly guard?: AddressGuard;
  /** Milliseconds for the whole call, 20,000 by default. */
  readonly timeoutMs?: number;
}

/**
 * Calls over undici, each on a connection of its own: one that is kept may be closed by the other side just when it is
 * used, and then nobody knows whether the request was seen.
 */
export function httpCall({ guard, timeoutMs = wholeMs }: CallOptions = {}): HttpCall {
  return async ({ method, url, headers = {}, body, signal }) => {
    const target = parsedUrl(url);
    const agent = await agentFor(target, guard);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const answer = await request(target, {
        ...{ method, dispatcher: agent, signal: limit, headersTimeout: Math.min(headersMs, timeoutMs) },
        ...{ bodyTimeout: timeoutMs, headers: { 'user-agent': 'ekbaar-field-ops', ...headers } },
        ...(body === undefined ? {} : { body }),
      });
      return { status: answer.statusCode, headers: flat(answer.headers), text: await textOf(answer.body) };
    } catch (error) {
      throw failed(error);
    } finally {
      // Not closed: whatever the other side still sends is of no interest.
      await agent.destroy();
    }
  };
}

function parsedUrl(url: string): URL {
  if (!URL.canParse(url))
    throw new CallFailed(`"${url.slice(0, 100)}" is no URL`, { sent: false, refused: true, cause: undefined });
  return new URL(url);
}

/** @throws CallFailed when the address may not be called, or there is none */
async function agentFor(url: URL, guard: AddressGuard | undefined): Promise<Agent> {
  const common = { pipelining: 0, keepAliveTimeout: 1 };
  if (guard === undefined) return new Agent(common);
  try {
    const checked = await guard.check(url);
    // The name is not asked a second time: the answer could be another one by then (DNS rebinding).
    const connect: { lookup: NonNullable<Extract<Agent.Options['connect'], { lookup?: unknown }>['lookup']> } = {
      lookup: (_hostname, options, done) => {
        if (options.all === true) done(null, [checked]);
        else done(null, checked.address, checked.family);
      },
    };
    return new Agent({ ...common, connect });
  } catch (error) {
    const refused = error instanceof AddressRefused;
    throw new CallFailed(refused ? error.message : `The name has no address: ${url.hostname}`, {
      ...{ sent: false, refused, cause: error },
    });
  }
}

async function textOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const room = mostAnswerBytes - size;
    chunks.push(chunk.subarray(0, room));
    size += chunk.byteLength;
    if (size > mostAnswerBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

function failed(error: unknown): CallFailed {
  if (error instanceof CallFailed) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const name = error instanceof Error ? error.name : 'error';
  const words = name === 'TimeoutError' || code === 'UND_ERR_HEADERS_TIMEOUT' ? 'no answer in time' : code || name;
  return new CallFailed(words, { sent: !beforeSending.has(code), cause: error });
}
