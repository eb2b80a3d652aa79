import { DrizzleQueryError } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { ProblemError } from '../problem.ts';
import { errorFacts, rootOf } from './error-facts.ts';

/** As the drivers raise it. */
function postgresError(code: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name: 'PostgresError', code, ...more });
}

test('a database’s error is told by its code, its place and, where that quotes no values, its message', () => {
  const unique = postgresError('23505', 'duplicate key value violates unique constraint "notes_pkey"', {
    ...{ detail: 'Key (id)=(canary) already exists.', constraint_name: 'notes_pkey', table_name: 'notes' },
    ...{ where: 'canary', query: 'insert … canary', parameters: ['canary'] },
  });
  const facts = errorFacts(new DrizzleQueryError('insert into notes values ($1)', ['canary'], unique));
  expect(facts).toMatchObject({ cause: '23505', table: 'notes', constraint: 'notes_pkey' });
  expect(facts['error']).toBe('PostgresError: duplicate key value violates unique constraint "notes_pkey"');
  expect(JSON.stringify(facts)).not.toContain('canary');
});

test.each([
  postgresError('22P02', 'invalid input syntax for type integer: "canary"'),
  postgresError('22008', 'date/time field value out of range: "canary"'),
  postgresError('P0001', 'no: canary'),
  new SyntaxError('Unexpected token c, "canary" is not valid JSON'),
  new DrizzleQueryError('select $1', ['canary']),
  'canary',
  { message: 'canary' },
])('what may quote data is withheld: %#', (error) => {
  expect(JSON.stringify(errorFacts(new ProblemError('internal', 'The server failed', { cause: error })))).not.toContain(
    'canary',
  );
});

test('any other error is told with its message and its frames, once', () => {
  const facts = errorFacts(new TypeError('two\nlines'));
  expect(facts['error']).toBe('TypeError: two\nlines');
  expect(facts['stack']).toEqual(expect.arrayContaining([expect.stringMatching(/^at .*error-facts\.test\.ts/)]));
  expect(JSON.stringify(facts['stack'])).not.toContain('lines');
});

test('the root is what was thrown, under what was put around it', () => {
  const thrown = new RangeError('here');
  expect(rootOf(new ProblemError('unavailable', 'later', { cause: new DrizzleQueryError('q', [], thrown) }))).toBe(
    thrown,
  );
  expect(rootOf(thrown)).toBe(thrown);
});
