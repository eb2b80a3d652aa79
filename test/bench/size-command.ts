import { parseArgs } from 'node:util';
import { positive } from './flags.ts';
import { sizeBench } from './size-bench.ts';

const help = `pnpm bench size: how long a push takes on a small and on a large database

  --rows <n>              10,000,000 deliveries in the large one: about 15 GB on disk, some minutes to fill
  --small <n>             10,000 in the small one
  --rounds <n>            5; both sizes take turns in each
  --connections <n>       1, of the load generator
  --regions <n>           40; the more rows, the larger each region's scope
  --seed <n>              1, of the order in which agents come`;

/** Runs `pnpm bench size` with the arguments behind it. */
export async function sizeCommand(args: string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ rows: text, small: text, rounds: text, connections: text, regions: text, seed: text },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const results = await sizeBench({
    sizes: [positive('small', values.small, 10_000), positive('rows', values.rows, 10_000_000)],
    rounds: positive('rounds', values.rounds, 5),
    requests: { single: 250, batch: 20 },
    connections: positive('connections', values.connections, 1),
    regions: positive('regions', values.regions, 40),
    seed: positive('seed', values.seed, 1),
    print: (line) => console.log(line),
  });
  for (const { title, small, large, ratio } of results)
    console.log(`${title}: ${small.toFixed(2)} ms small, ${large.toFixed(2)} ms large, ratio ${ratio.toFixed(2)}`);
}
