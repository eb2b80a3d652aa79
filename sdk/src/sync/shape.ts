/**
 * Whether a value is a T: for what comes from the server, which is looked at where it lies. A schema of zod would copy each
 * of a thousand rows, and every phone would download the parts of zod that the app's own model does not use.
 */
export type Is<T> = (value: unknown) => value is T;

export const isText: Is<string> = (value) => typeof value === 'string';
export const isFlag: Is<boolean> = (value) => typeof value === 'boolean';
export const isInteger: Is<number> = (value): value is number => Number.isSafeInteger(value);
export const isCount: Is<number> = (value): value is number => isInteger(value) && value >= 0;
export const isAnything: Is<unknown> = (_value): _value is unknown => true;
export const isRecord: Is<Record<string, unknown>> = (value): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function oneOf<const T>(...values: readonly T[]): Is<T> {
  return (value): value is T => values.some((one) => one === value);
}

export function optional<T>(is: Is<T>): Is<T | undefined> {
  return (value) => value === undefined || is(value);
}

export function nullable<T>(is: Is<T>): Is<T | null> {
  return (value) => value === null || is(value);
}

export function listOf<T>(is: Is<T>): Is<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(is);
}

/** Of names that nobody knows before. */
export function recordOf<T>(is: Is<T>): Is<Record<string, T>> {
  return (value): value is Record<string, T> => isRecord(value) && Object.values(value).every(is);
}

/** Of these fields; it may have others, which a newer server knows. */
export function shapeOf<T extends object>(fields: { readonly [Name in keyof T]-?: Is<T[Name]> }): Is<T> {
  const names = Object.keys(fields) as Extract<keyof T, string>[];
  return (value): value is T => isRecord(value) && names.every((name) => fields[name](value[name]));
}
