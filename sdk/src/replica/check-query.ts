import { fieldsOf, type Model } from '../model/index.ts';
import { parseOrder, type PlainQuery } from './query.ts';

const bounds = ['gte', 'lte', 'gt', 'lt'];

/**
 * A question that means nothing would have an answer all the same: no rows, or all of them.
 *
 * @throws TypeError that names the collection, the field or the operator that is none.
 */
export function checkQuery(
  { collections }: Model,
  name: string,
  { where = {}, orderBy = [], limit = 0, ...rest }: PlainQuery,
): void {
  const assert = (isSo: boolean, what: string) => {
    if (!isSo) throw new TypeError(`Query of ${name}: ${what}`);
  };
  const isNot = (value: unknown) => `cannot be ${String(value)}`;
  const collection = Object.hasOwn(collections, name) ? collections[name] : undefined;
  if (!collection) throw new TypeError(`The model has no collection ${name}`);
  for (const other in rest) assert(false, `there is no ${other}`);
  const fields = fieldsOf(collection.schema);
  const assertField = (field: string) => assert(fields.includes(field), `there is no field ${field}`);

  assert(typeof limit === 'number' && limit >= 0, `limit ${isNot(limit)}`);
  for (const order of [orderBy].flat()) assertField(parseOrder(order).field);
  for (const [field, condition] of Object.entries<unknown>(where)) {
    if (condition === undefined) continue;
    assertField(field);
    if (Object.prototype.toString.call(condition) !== '[object Object]') {
      assert(condition === null || isPlain(condition), `${field} ${isNot(condition)}`);
      continue;
    }
    const operators = 'in' in (condition as object) ? ['in'] : bounds;
    for (const [operator, value] of Object.entries(condition as Record<string, unknown>)) {
      assert(operators.includes(operator), `there is no operator ${field}.${operator}`);
      const isSo = operator === 'in' ? Array.isArray(value) : isPlain(value);
      assert(isSo, `${field}.${operator} ${isNot(value)}`);
    }
  }
}

/** Dates and the like are no values of rows, null is in no range, and NaN is equal to nothing. */
function isPlain(value: unknown): boolean {
  return typeof value !== 'object' && !Number.isNaN(value);
}
