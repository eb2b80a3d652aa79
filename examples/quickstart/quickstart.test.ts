import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const file = join(import.meta.dirname, 'quickstart.ts');

test('two phones and a server, in under 80 lines', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  expect(stdout).toContain('asha’s receipt: applied');
  expect(stdout.match(/paise: 75000/g)).toHaveLength(2);
  expect((await readFile(file, 'utf8')).trim().split('\n').length).toBeLessThan(80);
});

test.each(['quickstart.ts', 'embed.ts'])('the README quotes %s to the letter', async (name) => {
  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
  expect(readme).toContain((await readFile(join(import.meta.dirname, name), 'utf8')).trim());
});
