import { afterEach, describe, expect, it, vi } from 'vitest';
import { LiveFeed } from './live-feed.ts';

const token = () => Promise.resolve('t');

/** A server with one agent row; an answer holds what there was when it was asked for. */
class OneRowServer {
  version = 1;
  asked = 0;
  /** Nobody can reach it. */
  down = false;
  #held: Array<() => void> | null = null;
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;

  readonly fetch = async (path: string): Promise<Response> => {
    if (this.down) throw new TypeError('Failed to fetch');
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

  cut(): void {
    this.#stream?.error(new TypeError('network error'));
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
  let closing = new AbortController();
  afterEach(() => {
    closing.abort();
    closing = new AbortController();
    vi.unstubAllGlobals();
  });

  /** One that is live, and the browser's network. */
  async function live(server: OneRowServer) {
    vi.stubGlobal('fetch', server.fetch);
    const network = new EventTarget();
    const feed = new LiveFeed(token, network);
    feed.start(closing.signal);
    await expect.poll(() => [feed.get().agents.get('a')?.name, feed.get().line]).toEqual(['v1', 'live']);
    return { feed, network };
  }

  it('pulls again after a poke that came during a pull', async () => {
    const server = new OneRowServer();
    const { feed } = await live(server);
    const shown = () => feed.get().agents.get('a')?.name;

    server.hold();
    const before = server.asked;
    server.poke();
    await expect.poll(() => server.asked).toBe(before + 1);
    // That answer is on its way already, without what this poke is about.
    server.version = 2;
    server.poke();
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.release();

    await expect.poll(shown, { timeout: 20_000 }).toBe('v2');
    expect(server.asked).toBe(before + 2);
  });

  it('is not live from the moment that the browser says so, and comes back with the network', async () => {
    const server = new OneRowServer();
    const { feed, network } = await live(server);
    server.down = true;
    network.dispatchEvent(new Event('offline'));
    expect(feed.get().line).toBe('away');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(feed.get().line).toBe('away');
    server.down = false;
    server.version = 2;
    network.dispatchEvent(new Event('online'));
    await expect.poll(() => [feed.get().agents.get('a')?.name, feed.get().line]).toEqual(['v2', 'live']);
  });

  it('goes on being live where the browser is wrong about the network', async () => {
    const { feed, network } = await live(new OneRowServer());
    network.dispatchEvent(new Event('offline'));
    await expect.poll(() => feed.get().line).toBe('live');
  });

  it('says within seconds that the server is gone with its stream, and comes back by itself', async () => {
    const server = new OneRowServer();
    const { feed } = await live(server);
    server.down = true;
    server.cut();
    // By itself the next pull comes after 30.
    await expect.poll(() => feed.get().line, { timeout: 20_000 }).toBe('away');
    server.down = false;
    await expect.poll(() => feed.get().line, { timeout: 20_000 }).toBe('live');
  });
});
