import { afterEach, describe, expect, it, vi } from 'vitest';
import { LiveFeed } from './live-feed.ts';

const token = () => Promise.resolve('t');

/** A server with one agent row; an answer holds what there was when it was asked for. */
class OneRowServer {
  version = 1;
  asked = 0;
  #held: Array<() => void> | null = null;
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;

  readonly fetch = async (path: string): Promise<Response> => {
    if (path === '/v1/events') {
      return new Response(new ReadableStream<Uint8Array>({ start: (stream) => void (this.#stream = stream) }));
    }
    this.asked += 1;
    const answer = this.#page();
    const held = this.#held;
    if (held) await new Promise<void>((resolve) => held.push(resolve));
    return answer;
  };

  poke(): void {
    this.#stream?.enqueue(new TextEncoder().encode(`event: poke\ndata: {"scopes":{"region:r":${this.version}}}\n\n`));
  }

  hold(): void {
    this.#held = [];
  }

  release(): void {
    for (const answer of this.#held ?? []) answer();
    this.#held = null;
  }

  #page(): Response {
    const row = { id: 'a', name: `v${this.version}`, phone: '', regionId: 'r', active: true };
    const change = { scope: 'region:r', collection: 'agents', id: 'a', version: this.version, tag: 1, row };
    const cursor = `c${this.version}`;
    return Response.json({ changes: [change], scopes: {}, reset: [], dropped: [], cursor, more: false });
  }
}

describe('LiveFeed', () => {
  const closing = new AbortController();
  afterEach(() => {
    closing.abort();
    vi.unstubAllGlobals();
  });

  it('pulls again after a poke that came during a pull', async () => {
    const server = new OneRowServer();
    vi.stubGlobal('fetch', server.fetch);
    const feed = new LiveFeed(token);
    const shown = () => feed.get().agents.get('a')?.name;
    feed.start(closing.signal);
    await vi.waitFor(() => expect([shown(), feed.get().line]).toEqual(['v1', 'live']));

    server.hold();
    const before = server.asked;
    server.poke();
    await vi.waitFor(() => expect(server.asked).toBe(before + 1));
    // That answer is on its way already, without what this poke is about.
    server.version = 2;
    server.poke();
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.release();

    await vi.waitFor(() => expect(shown()).toBe('v2'), { timeout: 3_000 });
    expect(server.asked).toBe(before + 2);
  });
});
