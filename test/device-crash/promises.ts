/** Something that a person did, and what they were told of it. Counted in one order, so that it can be seen what came before what. */
export interface Deed {
  readonly label: string;
  /** What its effect is recognised by, whatever key it has; the same again has the same. */
  readonly effect: string;
  /** When it was asked for. */
  readonly asked: number;
  /** When it was said to be saved; undefined: never. */
  saved?: number;
  /** The key, as far as the person knows. */
  key?: string;
  /** The outcome that the person was shown. */
  shown?: string;
  /** They were shown a refusal, and wished it gone; `done`: that was said to be so. */
  dismissed?: 'asked' | 'done';
  /** It may be lost, and nobody is to blame. */
  dropped?: boolean;
}

/** Everything that was promised on a phone. */
export class Promises {
  readonly deeds: Deed[] = [];
  moment = 0;

  ask(label: string, effect = label): Deed {
    const deed: Deed = { label, effect, asked: this.#next() };
    this.deeds.push(deed);
    return deed;
  }

  saved(deed: Deed, key: string): void {
    deed.saved = this.#next();
    deed.key = key;
  }

  /** Everything until now may be lost from now on, or may not any more. */
  drop(dropped: boolean): void {
    for (const deed of this.deeds) deed.dropped = dropped;
  }

  #next(): number {
    this.moment += 1;
    return this.moment;
  }
}
