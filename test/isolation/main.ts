/** `pnpm isolation --seconds 300 --seed 7`: hostile requests against the real app; ends with 1 when something leaked. */
import { parseArgs } from 'node:util';
import { startPostgres } from '../support/postgres.ts';
import { Campaign, type Found, told } from './campaign.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** With the seed that was printed: the failure again. */
    path: { type: 'string' },
    world: { type: 'string', default: '1' },
  },
});

const server = await startPostgres();
try {
  const seed = Number(values.seed);
  const campaign = await Campaign.start(Number(values.world), (options) => server.freshDatabase(options));
  const until = performance.now() + Number(values.seconds) * 1000;
  let found: Found | undefined;
  for (let round = 0; performance.now() < until && found === undefined; round++) {
    found = await campaign.round({ seed: seed + round, path: values.path, sequences: 20, shrink: true });
    console.log(`round ${round}: ${campaign.figures.requests} requests so far`);
  }
  for (const line of campaign.figures.inWords()) console.log(line);
  console.log(found === undefined ? `seed ${seed}: no canary came out` : told(found));
  process.exitCode = found === undefined ? 0 : 1;
} finally {
  await server.stop();
}
