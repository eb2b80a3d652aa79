import { expect, test } from 'vitest';
import { docs, page } from '../deploy/written-down.ts';

/** Where a page says whose code it shows, and the code. */
const quote = /\]\(\.\.\/\.\.\/((?:examples|test)\/[\w./-]+)\):\n\n```\w+\n(.*?)```/gs;

const quotes = docs.flatMap(({ path, text }) =>
  [...text.matchAll(quote)].map(([, from = '', code = '']) => ({ path, from, code })),
);

test('guides quote the examples', () => {
  expect(quotes.length).toBeGreaterThan(3);
});

test.each(quotes)('$path shows what is in $from', async ({ from, code }) => {
  expect((await page(from)).text).toContain(code);
});
