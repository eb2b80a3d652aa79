import type { SyncResponse } from '../protocol/index.ts';
import type { Round } from './round.ts';

/** So many pages may wait to be written: a line that is quicker than the disk does not fill memory. */
const mostPages = 4;

/** A request that is on its way. */
export interface Asked {
  readonly round: Round;
  /** It makes room for a mutation that is made meanwhile. */
  readonly givesWay: boolean;
  /** Undefined: another request will do better, one that is smaller or has the mutations that were made meanwhile. */
  readonly answer: Promise<SyncResponse | undefined>;
  /** The answer is not wanted any more. */
  readonly drop: () => void;
}

/** One whose answer has come. */
type Came = Asked & { readonly page: SyncResponse };

interface Does {
  ask(round: Round): Asked;
  /** The request for what comes after a page; undefined when that is not known before it is written. */
  after(round: Round, page: SyncResponse): Round | undefined;
  /** Is told of each page that has come. */
  came(page: SyncResponse): void;
}

/** The pages of a pull that are asked for, one after the other, while the ones before them are being written. */
export class ReadAhead {
  readonly #came: Came[] = [];
  /** What comes after them. */
  #coming: Asked | undefined;
  #stopped = false;
  readonly #does: Does;

  constructor(does: Does) {
    this.#does = does;
  }

  /** The next page that is there or on its way. */
  next(): (Asked & Partial<Came>) | undefined {
    const came = this.#came.shift();
    if (came) return came;
    const coming = this.#coming;
    this.#coming = undefined;
    return coming;
  }

  /** Has what comes after this page, and after those that are there, be on its way, until enough have come. */
  goOn(round: Round, page: SyncResponse): void {
    const last = this.#came.at(-1) ?? { round, page };
    const isEnough = this.#stopped || this.#coming || this.#came.length >= mostPages;
    const following = isEnough ? undefined : this.#does.after(last.round, last.page);
    if (!following) return;
    const asked = this.#does.ask(following);
    this.#coming = asked;
    asked.answer.then(
      (answer) => {
        // It is waited for, or was left aside.
        if (!answer || this.#coming !== asked) return;
        this.#coming = undefined;
        this.#came.push({ ...asked, page: answer });
        this.#does.came(answer);
        this.goOn(following, answer);
      },
      () => {},
    );
  }

  /** Leaves aside what has not come yet; if there was any, nothing more is asked for. */
  stop(): void {
    this.#stopped ||= this.#coming !== undefined;
    this.#coming?.drop();
    this.#coming = undefined;
  }

  /** Leaves everything aside. */
  drop(): void {
    this.stop();
    this.#came.length = 0;
  }
}
