/** The invariants of the engine, by their names in the docs. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7';

/** Something that must never be, with enough of it to look it up. */
export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

/** What went wrong while the campaign ran, and how often. */
export class Violations {
  readonly list: Violation[] = [];

  add(invariant: Invariant, what: string): void {
    this.list.push({ invariant, what });
  }
}
