import type { Device } from '../device.ts';
import { SyncError } from '../errors.ts';
import { newClientId, uuid } from '../ids.ts';
import type { Platform } from '../platform.ts';
import type { Stopped, SyncRequest, SyncResponse } from '../protocol/index.ts';
import { applyAnswer, type AppliedAnswer } from './apply-answer.ts';
import type { Line } from './line.ts';
import { type Asked, ReadAhead } from './read-ahead.ts';
import { type Round, takeRound } from './round.ts';
import type { Transport } from './transport.ts';

/** After this many answers in a row that mend the log or don't add up, asking again at once won't help. */
const mostInARow = 3;
/** A pull that has been on its way for so long gives way to a mutation: the rest of it may take much longer. */
const giveWayMs = 1_000;

/** A disk that was full is not tried with rows again before: each try takes them over the line for nothing. */
const fullMs = 10 * 60_000;

/** How a pass ended that reached the server. */
export interface PassResult {
  /** The server would run the log no further for now. */
  readonly held: Stopped | undefined;
  /** Scopes that still don't add up. */
  readonly diverged: readonly string[];
}

/** One full synchronisation: rounds until everything pending is pushed and the replica is complete. */
export class Pass {
  readonly #device: Device;
  readonly #transport: Transport;
  readonly #line: Line;
  readonly #platform: Platform;
  readonly #model: number;
  /** Scopes to name in the next request, also when that is in another pass. */
  #diverged: readonly string[] = [];
  #divergedInARow = 0;
  #giveWay: () => void = () => {};
  /** When rows are tried again, on a disk that was full in this session. */
  #rowsAt: number | undefined;

  /** @param options.model version of the app's model */
  constructor(options: { device: Device; transport: Transport; line: Line; platform: Platform; model: number }) {
    this.#device = options.device;
    this.#transport = options.transport;
    this.#line = options.line;
    this.#platform = options.platform;
    this.#model = options.model;
  }

  /**
   * @param push false: only pull, for the time being.
   * @throws SyncError when a try failed; what earlier rounds brought is kept.
   */
  async run(push: boolean): Promise<PassResult> {
    const { log } = this.#device;
    let pushing = push;
    let held: Stopped | undefined;
    let stuck: SyncError | undefined;
    let mended = 0;
    let gaveWay = false;
    const ahead = new ReadAhead({
      ask: (round) => this.#ask(round, pushing),
      after: (round, page) => (pushing && log.soonHasPending ? undefined : this.#pageAfter(round, page)),
      came: (page) => this.#foresee(page),
    });
    try {
      for (;;) {
        // What was made meanwhile goes first; an answer for each of many mutations would be read for nothing.
        if (pushing && log.soonHasPending) ahead.stop();
        // Who carries mutations gives way to nobody and takes some changes along; who came in place of another does not
        // either, whatever is in it: so the pull comes to its end too.
        const came = ahead.next();
        const asked: Asked = came ?? this.#ask(await this.#take(pushing ? this.#line.batch : 0), pushing && !gaveWay);
        const { round } = asked;
        const answer = await asked.answer;
        gaveWay = asked.givesWay && !answer;
        if (!answer) continue;
        if (!came?.page) this.#foresee(answer);
        ahead.goOn(round, answer);
        const applied = await this.#apply(round, answer);
        const { stopped } = answer;
        const more = answer.delta.more && !applied.full;
        const mending = applied.healed || applied.overtaken;
        if (mending || !more || !applied.moved) await this.#leave(ahead);
        mended = mending ? mended + 1 : 0;
        if (mended > mostInARow) throw noProgress(stopped?.code ?? 'the log had to be mended again and again');

        // Whatever stops the push, the replica is completed first.
        if (stopped?.code === 'halted' || stopped?.code === 'server_outdated') held = stopped;
        else if (round.sent.length > 0 && applied.settled === 0 && !mending)
          stuck = noProgress(stopped?.code ?? 'no receipt');
        if (held || stuck) pushing = false;
        if (more && !applied.moved && !mending) throw noProgress('a page that does not move the cursor');
        if (more || mending || (pushing && round.sent.length > 0 && log.hasPending)) continue;

        this.#divergedInARow = applied.diverged.length > 0 ? this.#divergedInARow + 1 : 0;
        if (this.#divergedInARow > 0 && this.#divergedInARow < mostInARow) continue;
        if (stuck) throw stuck;
        if (applied.full) throw new SyncError('store_full', noRoom, { recovery: 'paused' });
        return { held, diverged: applied.diverged };
      }
    } finally {
      void this.#leave(ahead);
    }
  }

  /** Leaves aside what has come: rows that are on the screen already will not be written, or not upon what memory has. */
  async #leave(ahead: ReadAhead): Promise<void> {
    ahead.drop();
    if (this.#device.foreseen.size > 0) await this.#device.takeBack();
  }

  /** A mutation was made: the pull that is on its way makes room for it, unless it has only just begun. */
  hurry(): void {
    this.#giveWay();
  }

  async #take(batch: number): Promise<Round> {
    // A try would mark mutations as sent that cannot leave the device.
    if (!this.#platform.online()) throw new SyncError('offline', 'The device has no network');
    const { store, log } = this.#device;
    const taking = takeRound(store, {
      ...this.#stamp(),
      model: this.#model,
      // The first row shows whether there is room for more.
      page: (sent) => (this.#isFull ? 1 : this.#line.page(sent)),
      batch,
      diverged: this.#diverged,
      log,
    });
    const round = await this.#device.writing(taking);
    if (!round) {
      await log.restore();
      return this.#take(batch);
    }
    if (round.marked) this.#device.committed(round.marked);
    return round;
  }

  /** What to ask for after a page of a pull that brings nothing else: then that is known before it is written. */
  #pageAfter(round: Round, { receipts, stopped, delta }: SyncResponse): Round | undefined {
    const { request, sent } = round;
    const others = sent.length + receipts.length + request.diverged.length;
    const isPlain = delta.more && others === 0 && !stopped && !this.#isFull && this.#platform.online();
    if (!isPlain) return undefined;
    return { ...round, request: { ...request, ...this.#stamp(), cursor: delta.cursor, limit: this.#line.page(0) } };
  }

  /**
   * Shows rows that are not on disk yet and will stand so whatever the disk has, unless they go with what became of
   * mutations.
   */
  #foresee({ receipts, stopped, delta }: SyncResponse): void {
    const { changes, lastMutationId, reset, dropped } = delta;
    const { covered } = this.#device.log.progress;
    const isAlone = !stopped && receipts.length + reset.length + dropped.length === 0;
    if (isAlone && !this.#isFull && lastMutationId <= covered && changes.every(({ row }) => row))
      this.#device.foresee(changes);
  }

  /** What each request has of its own. */
  #stamp(): Pick<SyncRequest, 'request' | 'sentAt'> {
    return { request: uuid(this.#platform), sentAt: new Date(this.#platform.now()).toISOString() };
  }

  #ask(round: Round, mayGiveWay: boolean): Asked {
    const { setTimeout, clearTimeout } = this.#platform;
    const givesWay = mayGiveWay && round.sent.length === 0;
    const giveUp = new AbortController();
    const giveWay = () => {
      if (this.#device.log.hasPending) giveUp.abort();
    };
    const timer =
      givesWay &&
      setTimeout(() => {
        this.#giveWay = giveWay;
        giveWay();
      }, giveWayMs);
    const answer = this.#transport
      .send(round.request, giveUp.signal)
      .catch((error: unknown) => {
        if (giveUp.signal.aborted) return undefined;
        const smaller = error instanceof SyncError && error.code === 'too_large' && round.sent.length > 1;
        if (!smaller) throw error;
        this.#line.tooLarge(round.sent.length);
        return undefined;
      })
      .finally(() => {
        clearTimeout(timer);
        if (this.#giveWay === giveWay) this.#giveWay = () => {};
      });
    // Whoever comes to it hears of it.
    answer.catch(() => {});
    return { round, givesWay, answer, drop: () => giveUp.abort() };
  }

  async #apply(round: Round, answer: SyncResponse): Promise<AppliedAnswer> {
    const room = await this.#hasRoom();
    const applying = applyAnswer(this.#device.store, round, answer, {
      now: this.#platform.now(),
      newClientId: () => newClientId(this.#platform),
      memory: this.#device,
      room,
    });
    const applied = await this.#device.writing(applying);
    this.#rowsAt = applied.full ? (this.#rowsAt ?? this.#platform.now() + fullMs) : undefined;
    this.#diverged = applied.diverged;
    if (applied.commit) this.#device.committed(applied.commit);
    await this.#device.caughtUp();
    return applied;
  }

  get #isFull(): boolean {
    return this.#rowsAt !== undefined || this.#device.log.progress.full === true;
  }

  /** Whether rows may be taken: on a disk that was full, from time to time, when the log has its reserve again. */
  async #hasRoom(): Promise<boolean> {
    if (!this.#isFull) return true;
    if (this.#platform.now() < (this.#rowsAt ?? 0)) return false;
    this.#rowsAt = undefined;
    return (await this.#device.store.reserve?.hold()) ?? true;
  }
}

const noRoom = 'The device has no space left for more rows: free some; what was captured is kept and sent';

function noProgress(why: string): SyncError {
  return new SyncError('no_progress', `The server answered, but nothing moved on (${why})`);
}
