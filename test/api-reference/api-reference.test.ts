import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { problemsOf } from './compile.ts';
import { generate } from './generate.ts';

const committed = join(import.meta.dirname, '../../docs/api');

async function pagesIn(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder);
  const pages = names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const);
  return new Map(await Promise.all(pages));
}

test('docs/api says what the doc comments say: else run `node test/api-reference/main.ts`', async () => {
  const fresh = await mkdtemp(join(tmpdir(), 'ekbaar-api-'));
  try {
    expect(await generate(fresh), 'what TypeDoc complains of').toEqual([]);
    const [is, should] = await Promise.all([committed, fresh].map(pagesIn));
    expect([...(is?.keys() ?? [])].toSorted()).toEqual([...(should?.keys() ?? [])].toSorted());
    for (const [name, text] of should ?? []) expect({ name, text: is?.get(name) }).toEqual({ name, text });
  } finally {
    await rm(fresh, { recursive: true });
  }
});

test('the examples compile', async () => {
  const examples = new Map<string, string>();
  for (const [name, text] of await pagesIn(committed)) {
    for (const [at, [, code = '']] of [...text.matchAll(/^#+ Example\n\n```ts\n(.*?)```/gms)].entries()) {
      examples.set(`${name} ${at + 1}`, code);
    }
  }
  expect(examples.size).toBeGreaterThan(10);
  examples.set('planted', "await client.mutate('confirmDelivery', { deliveryId: 1 });");
  // A package for React Native alone is not installed here; test/sqlite compares its types.
  const problems = problemsOf(examples, join(import.meta.dirname, 'surroundings.ts')).filter(
    (problem) => !problem.includes("module '@op-engineering/op-sqlite'"),
  );
  expect(problems).toEqual([expect.stringMatching(/planted.*No overload|planted.*not assignable/)]);
});
