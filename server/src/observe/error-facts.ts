import { DrizzleQueryError } from 'drizzle-orm';
import { databaseCode } from '../db/fault.ts';
import { ProblemError } from '../problem.ts';

/** Classes of SQLSTATE whose messages name tables, columns and limits, but quote no values: 22 and P0 do, for example. */
const tellsNoValues = /^(01|08|23|25|28|2D|3D|3F|40|42|53|54|55|57|58|XX)/;

/**
 * What of an error may be logged: names, codes and places. Never a statement's parameters, and no message that may
 * quote what a customer sent.
 */
export function errorFacts(error: unknown): Record<string, unknown> {
  const root = rootOf(error);
  if (!(root instanceof Error)) return { error: 'something that is no Error was thrown' };
  const cause = 'code' in root && typeof root.code === 'string' ? { cause: root.code } : {};
  return { error: `${root.name}: ${messageOf(root)}`, ...cause, ...placeOf(root), stack: framesOf(root) };
}

/** The error that others were wrapped around on its way: for those who collect errors. */
export function rootOf(error: unknown): unknown {
  const wraps = error instanceof DrizzleQueryError || error instanceof ProblemError;
  return wraps && error.cause !== undefined ? rootOf(error.cause) : error;
}

function messageOf(error: Error): string {
  if (error instanceof DrizzleQueryError) return 'a query failed';
  // JSON.parse quotes the text that it could not read.
  if (error instanceof SyntaxError) return 'withheld, it may quote data';
  const code = databaseCode(error);
  const quotes = code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !tellsNoValues.test(code);
  return quotes ? 'withheld, it may quote data' : error.message;
}

/** Where in the schema a statement failed, as PostgreSQL says it; its `detail` and `where` quote values. */
function placeOf(error: Error): Record<string, string> {
  const names = { table_name: 'table', column_name: 'column', constraint_name: 'constraint', routine: 'routine' };
  const said = error as unknown as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(names).flatMap(([from, to]) => (typeof said[from] === 'string' ? [[to, said[from]]] : [])),
  );
}

/** The stack without its first lines, which repeat the message. */
function framesOf({ stack = '' }: Error): string[] {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());
}
