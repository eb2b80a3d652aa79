import { once } from 'node:events';
import { type IncomingMessage, type Server, createServer, request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, answerHead, captivePortal, chunk } from './bad-network-answer.ts';

/** What the line does to one request. */
export type Fault =
  | { kind: 'pass' }
  /** The line closes; the server never saw the request. */
  | { kind: 'drop-request' }
  /** The server did its work; the line closes and the answer is lost. */
  | { kind: 'drop-answer' }
  /** Like the drops, with a TCP reset. */
  | { kind: 'reset-request' }
  | { kind: 'reset-answer' }
  /** Nothing more comes, and the line stays open until the client gives up. */
  | { kind: 'stall-request' }
  /** The server did its work; its answer stops after so many bytes, and the line stays open. */
  | { kind: 'stall-answer'; afterBytes: number }
  /** The server did its work; the line closes after so many bytes of the answer, headers included. */
  | { kind: 'cut'; afterBytes: number }
  /** The same after a part of it: from 0 to 1. */
  | { kind: 'cut-part'; part: number }
  /** A captive portal answers 200 with a login page; the server never saw the request. */
  | { kind: 'html' }
  /** A cache answers with an earlier answer to the same method and path, if there is one; else `pass`. */
  | { kind: 'replay' }
  /** A proxy sends the request twice, both at once; the client gets one of the answers. */
  | { kind: 'duplicate' };

export type FaultKind = Fault['kind'];

export interface ProxiedRequest {
  /** 1, 2, 3 … in order of arrival. */
  number: number;
  method: string;
  /** With its query string. */
  path: string;
  headers: NodeJS.Dict<string | string[]>;
  /** As sent, so compressed if the client compressed it. */
  body: Buffer;
}

export type Decide = (request: ProxiedRequest) => Fault;

/** May be changed at any time; counts for requests that arrive afterwards. */
export interface NetworkRules {
  decide: Decide;
  /** Added to each direction, ± half of it at random. Milliseconds. */
  latencyMs: number;
  /** Bandwidth of each connection in each direction; Infinity is no limit. */
  bytesPerSecond: number;
}

export interface BadNetwork {
  readonly port: number;
  /** What clients use in place of the target's URL. */
  readonly url: string;
  readonly rules: NetworkRules;
  /** How many requests had which fate. */
  readonly counts: Readonly<Record<FaultKind, number>>;
  /** What went over the line, heads included. */
  readonly bytes: Readonly<{ sent: number; received: number }>;
  /** Resets every open connection, streams included. */
  resetConnections(): void;
  close(): Promise<void>;
}

export interface BadNetworkOptions {
  target: { host: string; port: number };
  /** From 0 to below 1: a seeded one makes the same faults again. */
  random: () => number;
  rules?: Partial<NetworkRules>;
  /** What the phone has already, by path, as an installed app has its files: it does not go over the line. */
  installed?: Readonly<Record<string, { type: string; body: string }>>;
}

/** Answers kept for `replay`, for each method and path. */
const KEPT_ANSWERS = 5;

/**
 * A proxy on 127.0.0.1 that treats each request as a bad line would. It speaks HTTP/1.1, one request per connection
 * (it adds `Connection: close`), and passes event streams through as they come.
 */
export async function startBadNetwork(options: BadNetworkOptions): Promise<BadNetwork> {
  const proxy = new LineProxy(options);
  await proxy.listen();
  return proxy;
}

class LineProxy implements BadNetwork {
  readonly rules: NetworkRules;
  readonly counts: Record<FaultKind, number> = {
    pass: 0,
    'drop-request': 0,
    'drop-answer': 0,
    'reset-request': 0,
    'reset-answer': 0,
    'stall-request': 0,
    'stall-answer': 0,
    cut: 0,
    'cut-part': 0,
    html: 0,
    replay: 0,
    duplicate: 0,
  };
  readonly bytes = { sent: 0, received: 0 };
  readonly #target: { host: string; port: number };
  readonly #random: () => number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #answers = new Map<string, Answer[]>();
  #requests = 0;

  constructor({ target, random, rules, installed = {} }: BadNetworkOptions) {
    this.#target = target;
    this.#random = random;
    this.rules = { decide: () => ({ kind: 'pass' }), latencyMs: 0, bytesPerSecond: Infinity, ...rules };
    this.#server = createServer((request, response) => {
      const file = installed[request.url ?? '/'];
      if (file) return void response.setHeader('content-type', file.type).end(file.body);
      // A client that goes away in the middle, or a target that is down: the line is dead, as it would be without us.
      this.#exchange(request).catch(() => request.socket.destroy());
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the bad network is closed');
    return address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  resetConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #exchange(incoming: IncomingMessage): Promise<void> {
    const client = incoming.socket;
    const request: ProxiedRequest = {
      number: ++this.#requests,
      method: incoming.method ?? 'GET',
      path: incoming.url ?? '/',
      headers: incoming.headers,
      body: await buffer(incoming),
    };
    const fault = this.#possible(this.rules.decide(request), request);
    this.counts[fault.kind]++;
    this.bytes.sent += headBytes(incoming) + request.body.length;
    await this.#travel(request.body.length);

    switch (fault.kind) {
      case 'drop-request':
        return void client.destroy();
      case 'reset-request':
        return void client.resetAndDestroy();
      case 'stall-request':
        return;
      case 'html':
        return await this.#deliver(captivePortal(), request, client);
      case 'replay':
        return await this.#deliver(this.#earlier(request) ?? captivePortal(), request, client);
      case 'drop-answer':
        await this.#ask(request);
        return void client.destroy();
      case 'reset-answer':
        await this.#ask(request);
        return void client.resetAndDestroy();
      case 'duplicate': {
        const [answer] = await Promise.all([this.#ask(request), this.#ask(request)]);
        return await this.#deliver(answer, request, client);
      }
      case 'pass':
        return await this.#deliver(await this.#ask(request), request, client);
      case 'cut':
        await this.#deliver(await this.#ask(request), request, client, fault.afterBytes);
        return void client.destroy();
      case 'cut-part': {
        const answer = await this.#ask(request);
        // How long a stream will be, nobody knows.
        const length = Buffer.isBuffer(answer.body) ? answer.body.length : 1_000;
        const limit = Math.floor(fault.part * (answerHead(answer, request.method, length).length + length));
        await this.#deliver(answer, request, client, limit);
        return void client.destroy();
      }
      case 'stall-answer':
        return await this.#deliver(await this.#ask(request), request, client, fault.afterBytes, 'stay open');
    }
  }

  #possible(fault: Fault, request: ProxiedRequest): Fault {
    return fault.kind === 'replay' && !this.#earlier(request) ? { kind: 'pass' } : fault;
  }

  #earlier({ method, path }: ProxiedRequest): Answer | undefined {
    const answers = this.#answers.get(`${method} ${path}`) ?? [];
    return answers[Math.floor(this.#random() * answers.length)];
  }

  /** The target's answer, whole; of an event stream only the head, its body still coming. */
  async #ask(request: ProxiedRequest): Promise<Answer> {
    const outgoing = httpRequest({
      ...this.#target,
      method: request.method,
      path: request.path,
      headers: { ...request.headers, connection: 'close' },
      agent: false,
    });
    // Until the answer begins `once` hears of it; a target that resets the line later must not end this process.
    outgoing.on('error', () => {});
    outgoing.end(request.body);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const head = {
      status: response.statusCode ?? 0,
      reason: response.statusMessage ?? '',
      rawHeaders: response.rawHeaders,
    };
    if (response.headers['content-type']?.startsWith('text/event-stream')) return { ...head, body: response };
    const answer: Answer = { ...head, body: await buffer(response) };
    const key = `${request.method} ${request.path}`;
    this.#answers.set(key, [...(this.#answers.get(key) ?? []), answer].slice(-KEPT_ANSWERS));
    return answer;
  }

  async #deliver(
    { body, ...head }: Answer,
    { method }: ProxiedRequest,
    client: Socket,
    limit = Infinity,
    atLimit: 'close' | 'stay open' = 'close',
  ): Promise<void> {
    let left = limit;
    const send = async (bytes: Buffer): Promise<void> => {
      const part = bytes.subarray(0, left);
      left -= part.length;
      await this.#write(client, part);
    };
    if (Buffer.isBuffer(body)) {
      await this.#travel(0);
      await send(Buffer.concat([answerHead(head, method, body.length), method === 'HEAD' ? Buffer.alloc(0) : body]));
    } else {
      // Nobody would read on: the target must hear that its reader has gone.
      client.once('close', () => body.destroy());
      await this.#travel(0);
      await send(answerHead(head, method, undefined));
      for await (const bytes of body as AsyncIterable<Buffer>) {
        await send(chunk(bytes));
        if (left <= 0) break;
      }
      await send(chunk(Buffer.alloc(0)));
    }
    if (limit === Infinity || atLimit === 'close') client.end();
  }

  /** Writes at the bandwidth of this line, a tenth of a second's worth at a time. */
  async #write(client: Socket, bytes: Buffer): Promise<void> {
    const { bytesPerSecond } = this.rules;
    const piece = bytesPerSecond === Infinity ? bytes.length : Math.max(1, Math.ceil(bytesPerSecond / 10));
    for (let at = 0; at < bytes.length; at += piece) {
      if (client.destroyed) throw new Error('the client has gone');
      const part = bytes.subarray(at, at + piece);
      client.write(part);
      this.bytes.received += part.length;
      if (bytesPerSecond !== Infinity) await sleep((piece / bytesPerSecond) * 1000);
    }
  }

  async #travel(bytes: number): Promise<void> {
    const { latencyMs, bytesPerSecond } = this.rules;
    const ms = latencyMs * (0.5 + this.#random()) + (bytes / bytesPerSecond) * 1000;
    if (ms > 0) await sleep(ms);
  }
}

function headBytes({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  const line = `${method} ${url} HTTP/1.1\r\n\r\n`.length;
  return rawHeaders.reduce((sum, text) => sum + text.length + 2, line);
}
