import { expect, it } from 'vitest';
import { authInWords } from './auth-in-words.ts';
import { messages } from './i18n/en.ts';

it('speaks of no first sign-in to somebody who changes their PIN without a network', () => {
  expect(authInWords(new TypeError('Failed to fetch'), messages)).toBe(
    'The office could not be reached. This needs a network.',
  );
});
