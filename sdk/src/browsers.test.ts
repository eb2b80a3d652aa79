import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/**
 * What Chrome 109, Safari 16.4 and Firefox 115 don't all have, and TypeScript would let pass. Method names are looked
 * for with their dot, so that functions of our own may be called the same.
 */
const tooNew = [
  /\bwithResolvers\b/,
  /\bPromise\.try\b/,
  /\b(?:isWellFormed|toWellFormed)\b/,
  /\.(?:toSorted|toReversed|toSpliced)\b/,
  /\b(?:Object|Map)\.groupBy\b/,
  /\bfromAsync\b/,
  /\bAbortSignal\.any\b/,
  /\bIterator\.from\b/,
  /\.(?:values|keys|entries)\(\)\s*\.(?:map|filter|take|drop|flatMap|reduce|toArray|forEach|some|every|find)\b/,
  /\.(?:union|intersection|difference|symmetricDifference|isSubsetOf|isSupersetOf|isDisjointFrom)\(/,
  /\.(?:toHex|toBase64|setFromHex)\b|\bfrom(?:Hex|Base64)\b/,
  /\b(?:RegExp\.escape|Math\.sumPrecise|Error\.isError|URL\.parse|URL\.canParse)\b/,
  /\b(?:await )?using \w+ =/,
  /\/[a-z]*v[a-z]*\.(?:test|exec)\(/,
  // React Native's engine before 0.76 does not compile an app that has one.
  /\\p\{/,
];

test('the SDK asks for no built-in that the agents’ browsers don’t have', () => {
  const files = globSync('**/*.ts', { cwd: import.meta.dirname }).filter(
    (file) => !file.endsWith('.test.ts') && !file.startsWith('testing/'),
  );
  expect(files.length).toBeGreaterThan(30);
  const found = files.flatMap((file) => {
    // Comments may name what is not used.
    const code = readFileSync(`${import.meta.dirname}/${file}`, 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, '');
    return tooNew.filter((name) => name.test(code)).map((name) => `${file}: ${name.source}`);
  });
  expect(found).toEqual([]);
});
