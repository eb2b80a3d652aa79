/** `pnpm chaos --seconds 60 --seed 7`: a campaign of faults on a real cluster; ends with 1 when an invariant broke. */
import { parseArgs } from 'node:util';
import { Campaign } from './campaign.ts';
import { plantedBugs, plantInto } from './planted-bugs.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    nodes: { type: 'string', default: '3' },
    deliveries: { type: 'string', default: '1500' },
    /** Name of a planted bug; the campaign must then find it. */
    plant: { type: 'string' },
  },
});

const bug = plantedBugs.find(({ name }) => name === values.plant);
if (values.plant !== undefined && bug === undefined) {
  throw new TypeError(`--plant: one of ${plantedBugs.map(({ name }) => name).join(', ')}`);
}
const campaign = await Campaign.start({
  seed: Number(values.seed),
  seconds: Number(values.seconds),
  nodes: Number(values.nodes),
  deliveries: Number(values.deliveries),
  crowd: {
    ...{ agents: 12, siblings: 1, clones: 1, ops: 3, settlement: 1, foreign: 4 },
    ...{ agentReaders: 4, opsReaders: 3, regionReaders: 2, newcomers: 2 },
  },
});
try {
  await campaign.run();
  const violations = bug === undefined ? await campaign.check() : await plantInto(campaign, bug);
  for (const line of campaign.report()) console.log(line);
  for (const { invariant, what } of violations.slice(0, 40)) console.log(`${invariant} BROKEN: ${what.slice(0, 400)}`);
  console.log(violations.length === 0 ? 'I1-I7 hold' : `${violations.length} violations`);
  process.exitCode = violations.length === 0 && campaign.diedAlone === 0 ? 0 : 1;
} finally {
  await campaign.stop();
}
