/** `pnpm crash-points --seed 7`: every statement of every workload fails in every way; ends with 1 when an invariant broke. */
import { parseArgs } from 'node:util';
import { chanceOf } from '../chaos/chance.ts';
import { campaignSettings } from '../chaos/campaign.ts';
import { startPostgres } from '../support/postgres.ts';
import { explore, type Explored, findingInWords, inWords, visitInWords } from './exploration.ts';
import { faults } from './fault.ts';
import { Stage } from './stage.ts';
import { workloads } from './workloads.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** A part of the name of the workloads to run; all of them without. */
    workload: { type: 'string', default: '' },
    /** How many of a hundred statements behind the first one that fails fail too. */
    further: { type: 'string', default: '0' },
    /** Whether the server's connections know the statements' plans already: `warm`, `cold` or `both`. */
    connections: { type: 'string', default: 'both' },
  },
});

const chance = chanceOf(Number(values.seed), 0);
const further = Number(values.further) / 100;
console.log(`seed ${values.seed}`);
const server = await startPostgres({ settings: campaignSettings });
try {
  for (const connections of ['warm', 'cold'] as const) {
    if (![connections, 'both'].includes(values.connections)) continue;
    const { url } = await server.freshDatabase();
    // Sessions are really lost here: PostgreSQL finds out by itself that its client is gone.
    const stage = await Stage.start(url, { keepsSessions: false });
    const began = performance.now();
    const line = (explored: Explored) => `${connections}: ${inWords(explored, (performance.now() - began) / 1000)}`;
    const explored = await explore(stage, {
      workloads: workloads.filter(({ name }) => name.includes(values.workload)),
      connections,
      inEveryWay: () => true,
      tell: ({ name }, until) => console.log(`"${name}" done; ${line(until)}; ${until.findings.length} findings`),
      further: () => (chance.is(further) ? chance.pick(faults) : undefined),
    });
    await stage.close();
    console.log(line(explored));
    for (const visit of explored.missed.slice(0, 20)) console.log(`not reached: ${visitInWords(visit)}`);
    for (const finding of explored.findings.slice(0, 40)) console.log(findingInWords(finding));
    if (explored.findings.length + explored.missed.length > 0) process.exitCode = 1;
  }
} finally {
  await server.stop();
}
