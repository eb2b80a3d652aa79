import type { Actor } from '../client-options.ts';
import type { Device } from '../device.ts';
import type { Platform, PlatformEvent } from '../platform.ts';
import { clockError } from './clock-error.ts';
import { Line } from './line.ts';
import { SyncLoop } from './loop.ts';
import { Pass } from './pass.ts';
import { PokeStream } from './poke-stream.ts';
import { Tokens } from './tokens.ts';
import { Transport } from './transport.ts';

/** The running sync of one client. */
export interface Sync {
  /** One full synchronisation now; rejects if its try fails. */
  now(): Promise<void>;
  /** There is something new to push. */
  mutationMade(): void;
  /** What the line has shown. */
  readonly line: Pick<Line, 'figures'>;
  /** Stops everything that waits or listens. */
  close(): Promise<void>;
}

/** Joins the parts of sync and starts them. */
export function startSync(options: {
  device: Device;
  platform: Platform;
  url: string;
  /** Version of the app's model. */
  model: number;
  token: (why: 'first' | 'expired') => Promise<string> | string;
  /** Whose token it has to be. */
  actor: Actor;
  keepOutcomesMs: number;
}): Sync {
  const { device, platform, url, model, keepOutcomesMs } = options;
  const { board, log, tabs } = device;
  const abort = new AbortController();
  const closing = abort.signal;
  const line = new Line();
  const tokens = new Tokens(options.token, options.actor, platform, closing);
  const timeHeard = (sent: number, serverTime: number, received: number) =>
    board.set({ clockErrorMs: clockError(board.get().clockErrorMs, sent, serverTime, received) });
  const transport = new Transport({ url, platform, tokens, line, closing, timeHeard });
  const pass = new Pass({ device, transport, line, platform, model });
  const loop = new SyncLoop({
    pass: (push) => tabs.alone(closing, () => pass.run(push)),
    hurry: () => pass.hurry(),
    // What cannot be read now is read next time.
    look: () => void device.catchUp().catch(() => {}),
    tidy: async () => {
      // Nothing waits for that: the rows are safe already.
      void device.settleJournal();
      await log.sweep(platform.now() - keepOutcomesMs);
    },
    hasPending: () => log.hasPending,
    platform,
    status: board,
    closing,
  });
  const pokes = new PokeStream({
    url,
    platform,
    tokens,
    closing,
    poked: (poke) => device.isNews(poke) && loop.tell({ name: 'poke' }),
    streams: (up) => loop.tell({ name: 'stream', up }),
  });

  const onEvent = (event: PlatformEvent) => {
    board.set({ online: platform.online() });
    if (event === 'offline') return;
    pokes.wake();
    const tell = () => loop.tell({ name: event });
    // What other tabs did meanwhile is read first, so that the loop sees it.
    if (event === 'visible') device.catchUp().then(tell, tell);
    else tell();
  };
  const stopListening = platform.onEvent(onEvent);
  const closed = new Promise<void>((resolve) => closing.addEventListener('abort', () => resolve(), { once: true }));
  loop.start();
  const lead = async () => {
    const stopTelling = board.subscribe(() => tabs.line(board.get()));
    loop.tell({ name: 'lead' });
    await Promise.all([closed, platform.pokes ? pokes.run() : undefined]);
    stopTelling();
  };
  const led = platform.leads ? tabs.lead(closing, lead) : undefined;

  return {
    line,
    now: () => loop.sync(),
    mutationMade: () => loop.tell({ name: 'mutation' }),
    close: async () => {
      abort.abort();
      stopListening();
      await Promise.all([loop.close(), led]);
    },
  };
}
