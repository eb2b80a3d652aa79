import type { Device } from '../device.ts';
import { SyncError } from '../errors.ts';
import { newClientId, uuid } from '../ids.ts';
import type { Platform } from '../platform.ts';
import type { Stopped } from '../protocol/index.ts';
import { applyAnswer, type AppliedAnswer } from './apply-answer.ts';
import type { Line } from './line.ts';
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
    let pushing = push;
    let held: Stopped | undefined;
    let stuck: SyncError | undefined;
    let mended = 0;
    let gaveWay = false;
    for (;;) {
      const round = await this.#take(pushing ? this.#line.batch : 0);
      // Who carries mutations gives way to nobody and takes some changes along; who came in place of another does not
      // either, whatever is in it: so the pull comes to its end too.
      const givesWay: boolean = pushing && round.sent.length === 0 && !gaveWay;
      const answer = await this.#exchange(round, givesWay);
      gaveWay = givesWay && !answer;
      if (!answer) continue;
      const { applied, stopped } = answer;
      const more = answer.more && !applied.full;
      const mending = applied.healed || applied.overtaken;
      mended = mending ? mended + 1 : 0;
      if (mended > mostInARow) throw noProgress(stopped?.code ?? 'the log had to be mended again and again');

      // Whatever stops the push, the replica is completed first.
      if (stopped?.code === 'halted' || stopped?.code === 'server_outdated') held = stopped;
      else if (round.sent.length > 0 && applied.settled === 0 && !mending)
        stuck = noProgress(stopped?.code ?? 'no receipt');
      if (held || stuck) pushing = false;
      if (more && !applied.moved && !mending) throw noProgress('a page that does not move the cursor');
      if (more || mending || (pushing && round.sent.length > 0 && this.#device.log.hasPending)) continue;

      this.#divergedInARow = applied.diverged.length > 0 ? this.#divergedInARow + 1 : 0;
      if (this.#divergedInARow > 0 && this.#divergedInARow < mostInARow) continue;
      if (stuck) throw stuck;
      if (applied.full) throw new SyncError('store_full', noRoom, { recovery: 'paused' });
      return { held, diverged: applied.diverged };
    }
  }

  /** A mutation was made: the pull that is on its way makes room for it, unless it has only just begun. */
  hurry(): void {
    this.#giveWay();
  }

  async #take(batch: number): Promise<Round> {
    const { now, online } = this.#platform;
    // A try would mark mutations as sent that cannot leave the device.
    if (!online()) throw new SyncError('offline', 'The device has no network');
    const taking = takeRound(this.#device.store, {
      request: uuid(this.#platform),
      sentAt: new Date(now()).toISOString(),
      model: this.#model,
      store: this.#device.log.own.store,
      // The first row shows whether there is room for more.
      page: (sent) => (this.#isFull ? 1 : this.#line.page(sent)),
      batch,
      diverged: this.#diverged,
    });
    const round = await this.#device.writing(taking);
    if (!round) {
      await this.#device.log.restore();
      return this.#take(batch);
    }
    if (round.marked) this.#device.committed(round.marked);
    return round;
  }

  /** Undefined: another request will do better, one that is smaller or has the mutations that were made meanwhile. */
  async #exchange(
    round: Round,
    givesWay: boolean,
  ): Promise<{ applied: AppliedAnswer; stopped: Stopped | null; more: boolean } | undefined> {
    const { setTimeout, clearTimeout } = this.#platform;
    const giveUp = new AbortController();
    const giveWay = () => this.#device.log.hasPending && giveUp.abort();
    const timer = givesWay && setTimeout(() => (this.#giveWay = giveWay)(), giveWayMs);
    const answer = await this.#transport
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
        this.#giveWay = () => {};
      });
    if (!answer) return undefined;
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
    else if (!applied.full) await this.#device.readAgain();
    await this.#device.caughtUp();
    return { applied, stopped: answer.stopped, more: answer.delta.more };
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
