import { expect, test } from 'vitest';
import * as errors from './errors.ts';

const made: [string, errors.CodedError][] = [
  ['StoreFullError', new errors.StoreFullError(new Error('quota'))],
  ['ClosedError', new errors.ClosedError()],
  ['InvalidArgsError', new errors.InvalidArgsError('confirm', [])],
  ['SyncError', new errors.SyncError('offline', 'The device is offline')],
];

test.each(made)('%s is called so whatever a minifier calls its class', (name, error) => {
  expect(error.name).toBe(name);
  expect(error).toBeInstanceOf(errors.CodedError);
  expect(String(error)).toBe(`${name}: ${error.message}`);
  expect(errors.errorCodes).toHaveProperty(error.code);
});

test('what caused it stays with it', () => {
  const cause = new Error('quota');
  expect(new errors.StoreFullError(cause)).toMatchObject({ code: 'store_full', cause });
  expect(new errors.SyncError('unreachable', 'x', { cause })).toMatchObject({ code: 'unreachable', cause });
});

test('every class has a code of the list', () => {
  const classes = Object.keys(errors).filter((name) => /[a-z]Error$/.test(name) && !/^(Coded|Sync)Error$/.test(name));
  const codes = classes.map((name) =>
    name
      .replace(/Error$/, '')
      .replaceAll(/(?<=.)[A-Z]/g, '_$&')
      .toLowerCase(),
  );
  expect(classes.length).toBeGreaterThan(10);
  expect(codes.filter((code) => !(code in errors.errorCodes))).toEqual([]);
});
