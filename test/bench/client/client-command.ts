import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { positive } from '../flags.ts';
import { clientBench } from './client-bench.ts';
import { clientTables } from './client-table.ts';
import { lineUp } from './line-up.ts';

const help = `pnpm bench client: what libraries for offline apps do in a real Chromium, beside raw IndexedDB

  --only <parts>          of names, with commas: ${lineUp.map(({ name }) => name).join(', ')}
  --rounds <n>            3; the contestants take turns in each
  --throttle <rates>      1,6: how many times slower the page's CPU is made; each has its own tables
  --rows <n>              5,000 deliveries; a tenth of them changes
  --many <n>              50,000 deliveries, to open on and for the heap
  --queued <n>            1,000 mutations made together
  --changes <n>           10 single mutations, and as many with 20 live queries, in each round
  --reloads <n>           3 in each round
  --profile <folder>      writes CPU profiles of the pages there and prints where the time goes; one round, slower
  --json <file>           all figures of all rounds`;

/** Runs `pnpm bench client` with the arguments behind it. */
export async function clientCommand(args: string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', default: '' },
      throttle: { type: 'string', default: '1,6' },
      ...{ rounds: text, rows: text, many: text, queued: text, changes: text, reloads: text },
      ...{ profile: text, json: text },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const parts = values.only.split(',');
  const entries = lineUp.filter(({ name }) => parts.some((part) => name.includes(part)));
  if (entries.length === 0) throw new TypeError(`--only ${values.only}: no contestant has that in its name`);
  const { profile, json } = values;
  if (profile !== undefined) await mkdir(profile, { recursive: true });
  const sizes = {
    rows: positive('rows', values.rows, 5000),
    manyRows: positive('many', values.many, 50_000),
    queued: positive('queued', values.queued, 1000),
    changes: positive('changes', values.changes, 10),
    reloads: positive('reloads', values.reloads, 3),
    restMs: 2000,
  };
  const results = await clientBench({
    entries,
    sizes,
    rounds: positive('rounds', values.rounds, profile === undefined ? 3 : 1),
    rates: values.throttle.split(',').map((rate) => positive('throttle', rate, 1)),
    profiles: profile,
    print: (line) => console.log(line),
  });
  console.log(`\n${clientTables(results, sizes)}`);
  if (json === undefined) return;
  const all = [...results].flatMap(([rate, outcomes]) =>
    [...outcomes].map(([{ name, title }, outcome]) => ({ rate, name, title, ...outcome })),
  );
  await writeFile(json, `${JSON.stringify(all, null, 2)}\n`);
}
