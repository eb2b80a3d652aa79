import { deferred } from '../../sdk/src/deferred.ts';
import type { Death } from './crash-disk.ts';

/** A place where a process can die: between two of the things that it asks of its store. */
export interface CrashPoint {
  /** What was asked, and everything that its transaction asked before. */
  readonly place: string;
  /** Which one it is of those of that place since the watch began, from 1. */
  readonly nth: number;
  /** In which ways it can die there. */
  readonly deaths: readonly Death[];
}

/** Whether, and how, a process dies at a point. */
export type Decide = (point: CrashPoint) => Death | undefined;

/** Everything that is asked from when it begins, until something dies. */
export class Watch {
  readonly #decide: Decide;
  readonly #died = deferred<Death>();
  readonly #counts = new Map<string, number>();
  /** How something has died; undefined: nothing has. */
  death: Death | undefined;

  constructor(decide: Decide) {
    this.#decide = decide;
  }

  meet(place: string, deaths: readonly Death[]): Death | undefined {
    if (this.death) return undefined;
    const nth = (this.#counts.get(place) ?? 0) + 1;
    this.#counts.set(place, nth);
    this.death = this.#decide({ place, nth, deaths });
    return this.death;
  }

  /** Whoever has waited for `meet` may go on. */
  end(death: Death): void {
    this.#died.resolve(death);
  }

  /** @returns how something died, if `work` has not come to its end before. */
  async during(work: () => Promise<void>): Promise<Death | undefined> {
    const working = work().then(() => undefined);
    // What those go on to say who have died is no failure.
    working.catch(() => {});
    return Promise.race([working, this.#died.promise]);
  }
}
