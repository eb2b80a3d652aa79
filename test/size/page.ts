import type { WeighedPeer } from './peers.ts';
import type { Weight } from './weigh.ts';

const kB = (bytes: number) => (bytes / 1000).toFixed(1);

/** What the SDK's folders are for; a file that is in none stands for the client. */
const areas: [folder: string, name: string][] = [
  ['sdk/src/sync/', 'the sync loop, its requests and the stream of pokes'],
  ['sdk/src/replica/', 'the replica: live queries, indexes, optimistic effects, the journal of large deltas'],
  ['sdk/src/log/', 'the mutation log'],
  ['sdk/src/store/', 'the store in IndexedDB'],
  ['sdk/src/tabs/', 'tabs'],
  ['sdk/src/model/', 'the model'],
  ['sdk/src/protocol/', 'the protocol'],
  ['sdk/src/', 'the client: status, errors, refusals, safekeeping, signing out'],
];

/** `docs/size.md`. */
export function pageOf(
  sizes: readonly { name: string; bytes: number; limit: string }[],
  parts: readonly Weight[],
  peers: readonly WeighedPeer[],
): string {
  const sums = new Map<string, number>();
  for (const { part, gzipped } of parts) {
    const name = part.startsWith('sdk/') ? areas.find(([folder]) => part.startsWith(folder))?.[1] : `\`${part}\``;
    if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + gzipped);
  }
  const own = sizes.find(({ name }) => name === 'the same without query-core');
  const shares = [...sums].toSorted(([, left], [, right]) => right - left);
  return `# What it weighs

Minified and gzipped, with all dependencies, as vite bundles it for an app (Chrome 109, Safari 16.4, Firefox 115). CI holds each line
to its budget (\`.size-limit.json\`). This page was written by \`node test/size/main.ts --write\`.

| import | kB | budget |
|---|---|---|
${sizes.map(({ name, bytes, limit }) => `| ${name} | ${kB(bytes)} | ${limit} |`).join('\n')}

Entry points share code: in an app that uses several, what they share counts once. \`query-core\` is the app's own, which its
TanStack Query adapter brings.

## What the app's bundle is made of

How much smaller it would be without each part:

| part | kB |
|---|---|
${shares.map(([name, bytes]) => `| ${name} | ${kB(bytes)} |`).join('\n')}

What a model adds depends on the schemas that it uses. \`zod/mini\` is counted for objects, strings, integers and enums; plain
\`zod\` would alone be 92 kB.

## What others weigh

The app that \`pnpm bench client\` has of each (\`test/bench/client/contestants\`), bundled and weighed in the same way, with all its
dependencies. None of them does quite the same, so the last column says what is in it and what is not. To compare with is
"${own?.name}", ${kB(own?.bytes ?? 0)} kB: a mutation log that is flushed before it says so, receipts, retries, optimistic effects, live
queries, indexes, sync of rows with checksums, tabs, and the check of arguments.

| library | kB | what is in it |
|---|---|---|
${peers.map(({ name, bytes, has }) => `| ${name} | ${kB(bytes)} | ${has} |`).join('\n')}
`;
}
