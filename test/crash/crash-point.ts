import { createHash } from 'node:crypto';

/** A statement on its way to PostgreSQL: where the line may break. */
export interface CrashPoint {
  /** The statement and all that its transaction said before it. */
  readonly place: string;
  /** Which one it is of those of that place that were sent since the watch began, from 1. */
  readonly nth: number;
  readonly text: string;
  /** PostgreSQL is asked for the plan of a statement that this connection never sent, or to run it. */
  readonly step: 'plan' | 'run';
}

/** The statements of a transaction, in order, as a watch saw them. */
export interface WatchedTransaction {
  readonly points: CrashPoint[];
}

/** Everything that is sent from when it begins. Nothing in it knows a statement: the places are what the transactions say. */
export class Watch {
  readonly transactions: WatchedTransaction[] = [];
  readonly #counts = new Map<string, number>();

  meet(place: string, text: string, step: CrashPoint['step'], transaction: WatchedTransaction): CrashPoint {
    const nth = (this.#counts.get(place) ?? 0) + 1;
    this.#counts.set(place, nth);
    const point = { place, nth, text, step };
    if (transaction.points.length === 0) this.transactions.push(transaction);
    transaction.points.push(point);
    return point;
  }

  get points(): CrashPoint[] {
    return this.transactions.flatMap(({ points }) => points);
  }
}

/** Where a connection stands in its transaction. */
export class Whereabouts {
  #before = '';
  #transaction: WatchedTransaction = { points: [] };
  #watch: Watch | undefined;

  /** @returns the point, when somebody watches */
  meet(text: string, step: CrashPoint['step'], watch: Watch | undefined): CrashPoint | undefined {
    if (text.startsWith('begin') || watch !== this.#watch) {
      this.#before = '';
      this.#transaction = { points: [] };
      this.#watch = watch;
    }
    const place = digest(`${this.#before}\n${withoutLiterals(text)}`);
    if (step === 'run') this.#before = place;
    return watch?.meet(`${place} ${step}`, text, step, this.#transaction);
  }
}

/** Tenants and origins differ from run to run. */
function withoutLiterals(text: string): string {
  return text.replaceAll(/'[^']*'/g, `'?'`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}
