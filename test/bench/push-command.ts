import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { contestants, type GunicornWorkers } from './contestants.ts';
import { positive } from './flags.ts';
import { pushBench } from './push-bench.ts';
import { pushTable } from './push-table.ts';

const help = `pnpm bench push: the same confirmations by Ekbaar, Django REST Framework and hand-written SQL

  --only <parts>          of names, with commas: ${contestants.map(({ name }) => name).join(', ')}
  --rounds <n>            5; the contestants take turns in each
  --seconds <n>           4 for each contestant in each round, after the warming up
  --confirmations <n>     most of them in that time: 12,000 for each second
  --warm-up <seconds>     1.5, and at most 10,000 confirmations for each second
  --connections <n>       8, of the load generator
  --regions <n>           40; agents of one region wait for each other's commits
  --gunicorn <p>[x<t>]    worker processes, and threads of each; otherwise several are tried and the best is taken
  --profile <folder>      writes CPU profiles there and prints where the time goes, in Node and in PostgreSQL
  --json <file>           all figures of all rounds
  --seed <n>              1, of the order in which agents come`;

/** Runs `pnpm bench push` with the arguments behind it. */
export async function pushCommand(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      confirmations: { type: 'string' },
      'warm-up': { type: 'string' },
      connections: { type: 'string' },
      regions: { type: 'string' },
      gunicorn: { type: 'string' },
      profile: { type: 'string' },
      json: { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const parts = values.only.split(',');
  const chosen = contestants.filter(({ name }) => parts.some((part) => name.includes(part)));
  if (chosen.length === 0) throw new TypeError(`--only ${values.only}: no contestant has that in its name`);
  const seconds = positive('seconds', values.seconds, 4);
  const warmUpSeconds = positive('warm-up', values['warm-up'], 1.5);
  const { profile, json } = values;
  if (profile !== undefined) await mkdir(profile, { recursive: true });
  const results = await pushBench({
    contestants: chosen,
    rounds: positive('rounds', values.rounds, profile === undefined ? 5 : 1),
    warmUp: { seconds: warmUpSeconds, confirmations: Math.ceil(warmUpSeconds * 10_000) },
    measured: { seconds, confirmations: positive('confirmations', values.confirmations, seconds * 12_000) },
    connections: positive('connections', values.connections, 8),
    regions: positive('regions', values.regions, 40),
    seed: positive('seed', values.seed, 1),
    gunicorn: values.gunicorn === undefined ? 'best' : workersOf(values.gunicorn),
    profile,
    print: (line) => console.log(line),
  });
  console.log(`\n${pushTable(results)}`);
  if (json === undefined) return;
  const all = [...results].map(([{ name, title }, rounds]) => ({ name, title, rounds }));
  await writeFile(json, `${JSON.stringify(all, null, 2)}\n`);
}

function workersOf(text: string): GunicornWorkers {
  const match = /^(\d+)(?:x(\d+))?$/.exec(text);
  if (match === null) throw new TypeError(`--gunicorn ${text}: say 5, or 2x4 for two processes of four threads`);
  return { processes: Number(match[1]), threads: Number(match[2] ?? 1) };
}
