import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Heard {
  readonly path: string;
  readonly headers: Record<string, unknown>;
  readonly body: string;
  /** When, in ms. */
  readonly at: number;
}

interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly retryAfter?: string;
}

const good = (): Answer => ({ status: 200 });

/** Everything outside, as one server that answers as the test says, and keeps what it has heard. */
export class ObedientOutside {
  /** What it answers next. */
  respond: () => Answer = good;
  #heard: Heard[] = [];
  readonly #server = createServer((request, answer) => {
    void request.toArray().then((chunks) => {
      this.#heard.push({
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks as Buffer[]).toString(),
        at: performance.now(),
      });
      const { status, body = '{"id":"m1"}', retryAfter } = this.respond();
      const later = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      answer.writeHead(status, { 'content-type': 'application/json', ...later }).end(body);
    });
  });

  static async open(): Promise<ObedientOutside> {
    const outside = new ObedientOutside();
    outside.#server.listen(0, '127.0.0.1');
    await once(outside.#server, 'listening');
    return outside;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  heardAt(path: string): Heard[] {
    return this.#heard.filter((one) => one.path === path);
  }

  /** Says yes to everything again, and has heard nothing. */
  reset(): void {
    this.respond = good;
    this.#heard = [];
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
