/** `pnpm device-crash-points`: phones die wherever they ask something of their store; ends with 1 when an invariant broke. */
import { parseArgs } from 'node:util';
import { disks } from './disks.ts';
import { explore } from './exploration.ts';
import { findingInWords, inWords, visitInWords } from './words.ts';
import { workloads } from './workloads.ts';

const { values } = parseArgs({
  options: {
    /** `memory`, `sqlite` or `idb`. */
    store: { type: 'string', default: 'memory' },
    /** A part of the name of the workloads to run; all of them without. */
    workload: { type: 'string', default: '' },
    /** Each different place once, in one way, as in `npm test`; without, every point in every way. */
    short: { type: 'boolean', default: false },
  },
});

const began = performance.now();
const seconds = () => (performance.now() - began) / 1000;
const explored = await explore({
  workloads: workloads.filter(({ name }) => name.includes(values.workload)),
  disk: disks[values.store as 'memory'],
  everyPoint: !values.short,
  second: true,
  tell: ({ name }, until) => console.log(`"${name}" done; ${inWords(until, seconds())}; ${until.findings.length} findings`),
});
console.log(inWords(explored, seconds()));
for (const visit of explored.missed.slice(0, 20)) console.log(`not reached: ${visitInWords(visit)}`);
for (const finding of explored.findings.slice(0, 20)) console.log(findingInWords(finding));
if (values.workload === '' && explored.unused.length > 0) console.log(`used by no workload: ${explored.unused.join(', ')}`);
if (explored.findings.length + explored.missed.length > 0) process.exitCode = 1;
