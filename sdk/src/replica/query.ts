type Field<Row> = Extract<keyof Row, string>;

/** A value, one of several, or a range (of numbers, or of strings by code unit). */
export type Condition<Value> =
  | Value
  | { readonly in: readonly Value[] }
  | {
      readonly gte?: Value | undefined;
      readonly lte?: Value | undefined;
      readonly gt?: Value | undefined;
      readonly lt?: Value | undefined;
    };

/** `'dueOn'` is ascending, `'-dueOn'` descending. */
export type Order<Row> =
  | Field<Row>
  | `-${Field<Row>}`
  | { readonly field: Field<Row>; readonly desc?: boolean | undefined };

/**
 * What is asked of a collection. Without an order, and among equals, rows come in the order of their keys.
 *
 * @example
 * const question: Query<{ status: string; dueOn: string; village: string }> = {
 *   where: { status: { in: ['pending', 'failed'] }, dueOn: { lte: '2026-11-22' } },
 *   orderBy: ['village', '-dueOn'],
 *   limit: 50,
 * };
 */
export interface Query<Row = Record<string, unknown>> {
  /** Every condition must hold; one that is `undefined` asks nothing. */
  readonly where?: { readonly [F in keyof Row]?: Condition<Row[F]> | undefined } | undefined;
  readonly orderBy?: Order<Row> | readonly Order<Row>[] | undefined;
  readonly limit?: number | undefined;
}

/** Rows as the replica holds them: of whatever collection. */
export type PlainRow = Readonly<Record<string, unknown>>;
/** A query whose collection is not known to the compiler. */
export type PlainQuery = Query<Record<string, unknown>>;

export type RowEntry = readonly [id: string, row: PlainRow];

/** A query made ready to be asked of many rows. */
export interface CompiledQuery {
  matches(row: PlainRow): boolean;
  /** The order of the answer. */
  compare(left: RowEntry, right: RowEntry): number;
  readonly limit: number;
}

export function compile({ where = {}, orderBy = [], limit = Infinity }: PlainQuery): CompiledQuery {
  const fields = Object.keys(where).filter((field) => where[field] !== undefined);
  const orders = [orderBy].flat().map(parseOrder);
  return {
    matches: (row) => fields.every((field) => holds(row[field], where[field])),
    compare: (left, right) => {
      for (const { field, sign } of orders) {
        const difference = compare(left[1][field], right[1][field]) * sign;
        if (difference !== 0) return difference;
      }
      return compare(left[0], right[0]);
    },
    limit,
  };
}

/** The field that an order goes by, and its direction. */
export function parseOrder(order: Order<Record<string, unknown>>): { field: string; sign: 1 | -1 } {
  if (typeof order !== 'string') return { field: order.field, sign: order.desc ? -1 : 1 };
  return order.startsWith('-') ? { field: order.slice(1), sign: -1 } : { field: order, sign: 1 };
}

function holds(value: unknown, condition: unknown): boolean {
  if (typeof condition !== 'object' || condition === null) return value === condition;
  if ('in' in condition) return (condition.in as readonly unknown[]).includes(value);
  return Object.entries(condition).every(([bound, limit]) => {
    if (limit === undefined) return true;
    // A missing value is in no range, and values of different types have no order.
    if (value === null || typeof value !== typeof limit) return false;
    const difference = compare(value, limit);
    switch (bound) {
      case 'gte':
        return difference >= 0;
      case 'lte':
        return difference <= 0;
      case 'gt':
        return difference > 0;
      case 'lt':
        return difference < 0;
      default:
        return false;
    }
  });
}

/** Missing values come first; values of different types keep one order, whatever it is. */
function compare(left: unknown, right: unknown): number {
  if (left === right) return 0;
  const a = rank(left);
  const b = rank(right);
  if (a !== b) return a < b ? -1 : 1;
  return (left as number) < (right as number) ? -1 : (left as number) > (right as number) ? 1 : 0;
}

function rank(value: unknown): string {
  return value === null || value === undefined ? '' : typeof value;
}
