import type { ArgsIssue } from '../errors.ts';

/** Leaves room in a request's body for the cursor and the rest. */
const bytesLimit = 256 * 1024;
/** With the flag `u` a whole pair is one character, and no surrogate. */
const halfPair = /[\ud800-\udfff]/u;
/** The body itself is nested at most 64 deep, and arguments start at its third level. */
const depthLimit = 56;

/**
 * What JSON makes of `args`: exactly what crosses the wire.
 * Fields that are `undefined` are left out, as JSON does; anything else that JSON cannot carry is an issue.
 */
export function cloneJson(args: unknown): { json: unknown } | { issues: ArgsIssue[] } {
  const issue = findIssue(args, []);
  if (issue) return { issues: [issue] };
  const text = JSON.stringify(args);
  if (new TextEncoder().encode(text).length > bytesLimit) {
    return { issues: [{ path: [], message: `more than ${bytesLimit / 1024} KiB of JSON` }] };
  }
  return { json: JSON.parse(text) };
}

/** The first thing that JSON cannot carry; only the first, so that a cycle ends at the depth limit. */
function findIssue(value: unknown, path: PropertyKey[]): ArgsIssue | undefined {
  const message = problemOf(value, path.length);
  if (message) return { path, message };
  if (typeof value !== 'object' || value === null) return undefined;
  const fields: Iterable<[PropertyKey, unknown]> = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, field] of fields) {
    const inName = typeof key === 'string' ? textProblem(key) : undefined;
    if (inName) return { path: [...path, key], message: `its name has ${inName}` };
    if (field === undefined && !Array.isArray(value)) continue;
    const issue = findIssue(field, [...path, key]);
    if (issue) return issue;
  }
  return undefined;
}

function problemOf(value: unknown, depth: number): string | undefined {
  if (depth > depthLimit) return `nested more than ${depthLimit} deep`;
  switch (typeof value) {
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : `JSON has no ${value}`;
    case 'string': {
      const problem = textProblem(value);
      return problem && `a string with ${problem}`;
    }
    case 'object':
      if (value === null || Array.isArray(value) || isPlain(value)) return undefined;
      return `JSON has no ${value.constructor?.name ?? 'such object'}: give a string or a number`;
    case 'undefined':
    case 'bigint':
    case 'symbol':
    case 'function':
      return `JSON has no ${typeof value}`;
  }
}

function textProblem(text: string): string | undefined {
  if (text.includes('\0')) return 'a NUL character';
  return halfPair.test(text) ? 'half of a surrogate pair' : undefined;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // The prototype of another realm's plain objects (a frame, a test's sandbox) is not this realm's.
  return (prototype === null || Object.getPrototypeOf(prototype) === null) && !('toJSON' in value);
}
