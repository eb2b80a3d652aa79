import {
  type Change,
  type Mutation,
  type Outcome,
  problems,
  type ProblemCode,
  type SyncRequest,
} from '../protocol/index.ts';

interface Line {
  version: number;
  tag: number;
  row: Record<string, unknown> | null;
}

interface FakeClient {
  last: number;
  keys: Map<number, string>;
}

/** Does something to one exchange: answers by itself, or lets the server (`handle`) and spoils its answer. */
export type Fault = (request: SyncRequest, handle: () => Promise<Response>, init: RequestInit) => Promise<Response>;

type Mutator = (args: never, server: FakeServer) => Outcome | undefined;

/**
 * The protocol's server side in memory, behind a real `fetch` function: for what the SDK does, not for what a server must.
 * Collections are keyed by `collection/id`, every row belongs to scopes that the test names.
 */
export class FakeServer {
  readonly requests: SyncRequest[] = [];
  readonly headers: Headers[] = [];
  readonly clients = new Map<string, FakeClient>();
  readonly receipts = new Map<string, Outcome>();
  /** How often each key's mutator ran with an effect. */
  readonly applied = new Map<string, number>();
  readonly scopes = new Map<string, { version: number; lines: Map<string, Line> }>();
  readonly mutators: Record<string, Mutator> = {};
  /** Taken one by one by the next exchanges. */
  readonly faults: Fault[] = [];
  readonly reset = new Set<string>();
  readonly dropped = new Set<string>();
  readonly streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  /** The server's clock. */
  now = () => Date.parse('2026-11-22T10:00:00Z');
  validToken = 'good';
  model = 1;
  pageSize = 1000;
  /** Mutations that make the server stop with `halted`. */
  halts = new Set<string>();
  /** Of the row that was written last. */
  tag = 100;

  constructor(scopes: readonly string[]) {
    for (const scope of scopes) this.scopes.set(scope, { version: 0, lines: new Map() });
  }

  /** Puts a row into scopes, or takes it out with null. */
  write(collection: string, id: string, row: Record<string, unknown> | null, scopes = [...this.scopes.keys()]): void {
    for (const name of scopes) {
      const scope = this.scopes.get(name);
      if (!scope) throw new Error(`no scope ${name}`);
      scope.version += 1;
      this.tag += 1;
      scope.lines.set(`${collection}/${id}`, { version: scope.version, tag: row ? this.tag : 0, row });
    }
  }

  row(collection: string, id: string): Record<string, unknown> | null {
    for (const { lines } of this.scopes.values()) {
      const line = lines.get(`${collection}/${id}`);
      if (line) return line.row;
    }
    return null;
  }

  /** Everything as it is now; `restore` brings it back, like a backup. */
  backup(): () => void {
    const [clients, receipts] = structuredClone([this.clients, this.receipts] as const);
    const scopes = structuredClone(this.scopes);
    return () => {
      replace(this.clients, clients);
      replace(this.receipts, receipts);
      replace(this.scopes, scopes);
      for (const scope of this.scopes.keys()) this.reset.add(scope);
    };
  }

  poke(scopes: Record<string, number>): void {
    const text = `event: poke\ndata: ${JSON.stringify({ scopes })}\n\n`;
    for (const stream of this.streams) stream.enqueue(new TextEncoder().encode(text));
  }

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (url.endsWith('/v1/events')) return this.#events(headers, init);
    this.headers.push(headers);
    const request = JSON.parse(await bodyOf(init, headers)) as SyncRequest;
    this.requests.push(request);
    const handle = async () => this.#sync(request, headers);
    return (this.faults.shift() ?? ((_request, answer) => answer()))(request, handle, init);
  };

  #events(headers: Headers, init: RequestInit): Response {
    if (headers.get('authorization') !== `Bearer ${this.validToken}`) return problem('token_expired');
    const { streams } = this;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        streams.add(controller);
        controller.enqueue(new TextEncoder().encode(': connected\n\n'));
        init.signal?.addEventListener('abort', () => {
          if (streams.delete(controller)) controller.error(new Error('aborted'));
        });
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }

  #sync(request: SyncRequest, headers: Headers): Response {
    if (headers.get('authorization') !== `Bearer ${this.validToken}`) return problem('token_expired');
    const client = this.clients.get(request.clientId) ?? { last: 0, keys: new Map() };
    this.clients.set(request.clientId, client);
    const receipts: unknown[] = [];
    let stopped: unknown =
      request.ack > client.last ? { id: request.ack, code: 'gap', expected: client.last + 1 } : null;
    for (const mutation of request.mutations) {
      if (stopped) break;
      const outcome = this.#run(client, mutation);
      if ('code' in outcome) stopped = { id: mutation.id, ...outcome };
      else receipts.push({ id: mutation.id, key: mutation.key, ...outcome });
    }
    const delta = this.#delta(request, client);
    const serverTime = new Date(this.now()).toISOString();
    return json({ request: request.request, serverTime, receipts, stopped, delta });
  }

  #run(client: FakeClient, { id, key, name, args, model, receipt }: Mutation) {
    if (id <= client.last) {
      if (client.keys.get(id) !== key) return { code: 'forked' };
    } else if (id > client.last + 1) {
      return { code: 'gap', expected: client.last + 1 };
    }
    if (model > this.model) return { code: 'server_outdated', retryAfterMs: 5000 };
    if (this.halts.has(name)) return { code: 'halted', retryAfterMs: 5000 };
    const before = this.receipts.get(key);
    if (before) return { ...this.#take(client, id, key, before), replayed: true };
    const former = receipt?.status === 'rejected' ? receipt : undefined;
    const outcome = former ?? this.mutators[name]?.(args as never, this) ?? { status: 'applied' as const };
    if (outcome.status === 'applied') this.applied.set(key, (this.applied.get(key) ?? 0) + 1);
    return { ...this.#take(client, id, key, outcome), replayed: false };
  }

  #take(client: FakeClient, id: number, key: string, outcome: Outcome): Outcome {
    client.last = Math.max(client.last, id);
    client.keys.set(id, key);
    this.receipts.set(key, outcome);
    return outcome;
  }

  #delta(request: SyncRequest, client: FakeClient) {
    const known = request.cursor === null ? {} : (JSON.parse(request.cursor) as Record<string, number>);
    const reset = [...this.scopes.keys()].filter((scope) => this.reset.has(scope) || request.diverged.includes(scope));
    for (const scope of reset) {
      delete known[scope];
      this.reset.delete(scope);
    }
    const all: Change[] = [];
    for (const [scope, { lines }] of this.scopes) {
      if (this.dropped.has(scope)) continue;
      for (const [key, line] of lines) {
        const [collection = '', id = ''] = key.split('/');
        if (line.version > (known[scope] ?? 0)) all.push({ scope, collection, id, ...line });
      }
    }
    all.sort((left, right) => left.version - right.version);
    // All scopes move together here, so a page ends between versions.
    const page = all.slice(0, Math.min(this.pageSize, request.limit));
    const more = page.length < all.length;
    const limit = more ? (page.at(-1)?.version ?? 0) : Infinity;
    const changes = all.filter(({ version }) => version <= limit);
    const heads = [...this.scopes].filter(([scope]) => !this.dropped.has(scope));
    return {
      lastMutationId: client.last,
      changes,
      scopes: Object.fromEntries(
        heads.map(([scope, state]) => {
          const { checksum, ...head } = headOf(state);
          return [scope, more ? head : { ...head, checksum }];
        }),
      ),
      reset,
      dropped: [...this.dropped],
      cursor: JSON.stringify(
        Object.fromEntries(heads.map(([scope, { version }]) => [scope, Math.min(version, limit)])),
      ),
      more,
    };
  }
}

function headOf({ version, lines }: { version: number; lines: Map<string, Line> }) {
  const held = [...lines.values()].filter(({ tag }) => tag !== 0);
  return { version, rows: held.length, checksum: String(held.reduce((sum, { tag }) => sum + tag, 0)) };
}

function replace<K, V>(map: Map<K, V>, by: Map<K, V>): void {
  map.clear();
  for (const [key, value] of by) map.set(key, value);
}

async function bodyOf(init: RequestInit, headers: Headers): Promise<string> {
  if (headers.get('content-encoding') !== 'gzip') return init.body as string;
  const stream = new Blob([init.body as Uint8Array<ArrayBuffer>]).stream();
  return new Response(stream.pipeThrough(new DecompressionStream('gzip'))).text();
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
}

export function problem(code: ProblemCode, headers: Record<string, string> = {}): Response {
  const { status, title } = problems[code];
  return json({ type: 'about:blank', title, status, code }, status, headers);
}
