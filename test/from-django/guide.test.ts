import { expect, test } from 'vitest';
import { page } from '../deploy/written-down.ts';

const guide = (await page('docs/from-django.md')).text;
/** Linked in the guide; the view of before is only pointed at. */
const files = [...guide.matchAll(/\]\(\.\.\/(test\/from-django\/[\w./-]+)\)/g)].map(([, path = '']) => path);
const shown = files.filter((path) => !path.endsWith('views.py'));

test('the guide has many files', () => {
  expect(shown.length).toBeGreaterThan(8);
});

test.each(shown)('the guide shows %s to the letter, as the system test runs it', async (path) => {
  expect(guide).toContain((await page(path)).text);
});

test('the commands of the guide are those of the system test', async () => {
  const { text } = await page('test/from-django/from-django.system.test.ts');
  const commands = [...guide.matchAll(/^ekbaar (.*?)(?: +#.*)?$/gm)].map(([, words = '']) => words.split(' '));
  expect(commands.length).toBeGreaterThan(3);
  for (const words of commands) expect(text).toContain(`command(${words.map((word) => `'${word}'`).join(', ')}`);
});
