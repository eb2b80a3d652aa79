/** `pnpm bad-line --seed 12`: a day's work over a line of 2G that is interrupted again and again, beside one clean pass. */
import { parseArgs } from 'node:util';
import { startPostgres } from '../support/postgres.ts';
import { compareTrips, inWords } from './compare-trips.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '12' },
    confirmations: { type: 'string', default: '500' },
    rows: { type: 'string', default: '5000' },
    interruptions: { type: 'string', default: '10' },
  },
});

const server = await startPostgres();
try {
  const comparison = await compareTrips({
    seed: Number(values.seed),
    plan: { confirmations: Number(values.confirmations), rows: Number(values.rows) },
    interruptions: Number(values.interruptions),
    line: { latencyMs: 400, bytesPerSecond: 20_000, cutsPerHundred: 5 },
    freshDatabase: () => server.freshDatabase(),
  });
  for (const line of inWords(comparison)) console.log(line);
  process.exitCode = comparison.broken.length === 0 ? 0 : 1;
} finally {
  await server.stop();
}
