import type { Device } from '../device.ts';
import { ClosedError } from '../errors.ts';
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
  keepOutcomesMs: number;
}): Sync {
  const { device, platform, url, model, keepOutcomesMs } = options;
  const { store, board, log, tabs } = device;
  const abort = new AbortController();
  const closing = abort.signal;
  const line = new Line();
  const tokens = new Tokens(options.token, platform, closing);
  const timeHeard = (sent: number, serverTime: number, received: number) =>
    board.set({ clockErrorMs: clockError(board.get().clockErrorMs, sent, serverTime, received) });
  const transport = new Transport({ url, platform, tokens, line, closing, timeHeard });
  const pass = new Pass({
    store,
    transport,
    line,
    platform,
    model,
    log: {
      hasPending: () => log.pending.length > 0,
      readAgain: () => device.readAgain(),
      caughtUp: () => device.caughtUp(),
      restore: () => log.restore(),
      seqOf: (key) => log.find(key)?.seq,
      indexesOf: (collection) => device.indexesOf(collection),
      show: (commit) => device.show(commit),
      takeBack: () => device.takeBack(),
    },
    committed: (commit) => device.committed(commit),
  });
  const loop = new SyncLoop({
    pass: (push) => tabs.alone(closing, () => pass.run(push)),
    tidy: () => log.sweep(platform.now() - keepOutcomesMs),
    hasPending: () => log.pending.length > 0,
    platform,
    status: board,
    closing,
  });
  const pokes = new PokeStream({
    url,
    platform,
    tokens,
    closing,
    poked: (poke) => device.isNews(poke) && loop.wake('poke'),
  });

  const onEvent = (event: PlatformEvent) => {
    board.set({ online: platform.online() });
    if (event === 'offline') return;
    pokes.wake();
    if (event === 'online') loop.wake('online');
    // What other tabs did meanwhile is read first, so that the loop sees it.
    else
      device.catchUp().then(
        () => loop.wake('visible'),
        () => loop.wake('visible'),
      );
  };
  const stopListening = platform.onEvent(onEvent);
  const closed = new Promise<void>((resolve) => closing.addEventListener('abort', () => resolve(), { once: true }));
  const led = tabs.lead(closing, async () => {
    const stopTelling = board.subscribe(() => tabs.line(board.get()));
    loop.lead(true);
    await Promise.all([closed, platform.pokes ? pokes.run() : undefined]);
    stopTelling();
  });
  loop.start();

  return {
    now: () => loop.sync(),
    mutationMade: () => loop.wake('mutation'),
    close: async () => {
      abort.abort(new ClosedError());
      stopListening();
      await Promise.all([loop.close(), led]);
    },
  };
}
