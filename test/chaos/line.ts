import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { strangersIn } from './canary.ts';
import type { Tally } from './tally.ts';
import type { Violations } from './violation.ts';

export interface LineAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Undefined when it is no JSON. */
  readonly body: unknown;
  /** Tenants whose canary is in it. A fault, if it is an answer to what was asked: a bad line's cache knows no persons. */
  readonly strangers: readonly string[];
}

/** The line of one person to the nodes: a new connection for each request, given up after a while. */
export interface Line {
  /** Undefined when no whole answer came. */
  send(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<LineAnswer | undefined>;
}

export interface LineOptions {
  readonly url: string;
  readonly token: string;
  readonly tenant: string;
  /** Asked at each request: shorter while faults are on. */
  readonly timeoutMs: () => number;
  readonly answers: Tally;
  readonly violations: Violations;
}

/** Answers that a server may give while everything around it fails. */
const honest = new Set([200, 202, 409, 422, 429, 503]);

export function openLine({ url, token, tenant, timeoutMs, answers, violations }: LineOptions): Line {
  return {
    async send(method, path, body, headers = {}) {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const outgoing = request(`${url}${path}`, {
        method,
        agent: false,
        signal: AbortSignal.timeout(timeoutMs()),
        headers: {
          authorization: `Bearer ${token}`,
          ...(payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
          ...headers,
        },
      });
      try {
        outgoing.end(payload);
        const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
        const said = await text(response);
        // A page of a captive portal, not an answer of a node.
        if (response.headers['content-type']?.includes('json') !== true) {
          answers.add('not JSON');
          return undefined;
        }
        const status = response.statusCode ?? 0;
        answers.add(String(status));
        if (!honest.has(status))
          violations.add('I7', `${method} ${path.slice(0, 60)} was answered ${status}: ${said.slice(0, 300)}`);
        const strangers = strangersIn(said, tenant);
        if (strangers.length > 0) answers.add('with canaries of others');
        return { status, headers: response.headers, body: JSON.parse(said), strangers };
      } catch (error) {
        answers.add(
          `none (${(error as { code?: unknown }).code === 'ECONNRESET' ? 'cut' : (error as Error).name === 'AbortError' ? 'too late' : 'broken off'})`,
        );
        return undefined;
      } finally {
        outgoing.on('error', () => {});
        outgoing.destroy();
      }
    },
  };
}
