import { type CompiledQuery, type PlainRow, type RowEntry } from './query.ts';

/** How the visible rows of a collection have changed: null is a row that is no longer there. */
export type RowChanges = ReadonlyMap<string, PlainRow | null>;

/** From this many changes on, sorting afresh is cheaper than finding each one's place. */
const fewChanges = 32;

/** The answer to one query, kept up to date by changes. */
export class LiveAnswer {
  readonly #query: CompiledQuery;
  readonly #covers: ((row: PlainRow) => boolean) | undefined;
  /** Every visible row that fits, also beyond the limit; and in the order of the answer. */
  readonly #rows: Map<string, PlainRow>;
  #sorted: RowEntry[];
  #shown: readonly PlainRow[] = [];

  /**
   * @param entries all visible rows that may fit, and are covered.
   * @param covers whether a row lies where all rows are known: of a long collection only one end may be.
   */
  constructor(query: CompiledQuery, entries: Iterable<RowEntry>, covers?: (row: PlainRow) => boolean) {
    this.#query = query;
    this.#covers = covers;
    this.#sorted = [...entries].filter(([, row]) => this.#takes(row)).sort(query.compare);
    this.#rows = new Map(this.#sorted);
    this.#show();
  }

  /** The rows within the limit: the same array as long as nothing in it has changed. */
  get rows(): readonly PlainRow[] {
    return this.#shown;
  }

  /** A row that fits, also beyond the limit. */
  row(id: string): PlainRow | undefined {
    return this.#rows.get(id);
  }

  /** How many rows fit that are known, also beyond the limit. */
  get size(): number {
    return this.#sorted.length;
  }

  /** There may be rows beyond what is covered that belong into the answer now. */
  get short(): boolean {
    return this.#covers !== undefined && this.#sorted.length < this.#query.limit;
  }

  /** Shows `told` again when nothing in it differs, so that whoever holds it need not be told. */
  keepAlike(told: readonly PlainRow[]): boolean {
    const rows = this.#shown.map((row, at) => (told[at] && alike(row, told[at]) ? told[at] : row));
    const same = rows.length === told.length && rows.every((row, at) => row === told[at]);
    this.#shown = same ? told : rows;
    return same;
  }

  change(changes: RowChanges): void {
    let changed = 0;
    const few = changes.size <= fewChanges;
    changes.forEach((row, id) => {
      const before = this.#rows.get(id);
      const after = row && this.#takes(row) ? row : undefined;
      if (before === after || (before && after && alike(before, after))) return;
      changed += 1;
      if (few && before) this.#sorted.splice(this.#placeOf([id, before]), 1);
      if (few && after) this.#sorted.splice(this.#placeOf([id, after]), 0, [id, after]);
      if (after) this.#rows.set(id, after);
      else this.#rows.delete(id);
    });
    if (changed === 0) return;
    if (!few) this.#sorted = [...this.#rows].sort(this.#query.compare);
    this.#show();
  }

  #takes(row: PlainRow): boolean {
    return this.#query.matches(row) && (this.#covers?.(row) ?? true);
  }

  /** Where an entry stands, or would stand: the order is total, ids being part of it. */
  #placeOf(entry: RowEntry): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#sorted[middle];
      if (other && this.#query.compare(other, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #show(): void {
    const rows = this.#sorted.slice(0, this.#query.limit).map(([, row]) => row);
    const same = rows.length === this.#shown.length && rows.every((row, at) => row === this.#shown[at]);
    if (!same) this.#shown = rows;
  }
}

function alike(row: PlainRow, other: PlainRow): boolean {
  const keys = Object.keys(row);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && row[key] === other[key]);
}
