/** `pnpm device-crash-points`: phones die wherever they ask something of their store; ends with 1 when an invariant broke. */
import { parseArgs } from 'node:util';
import { disks } from './disks.ts';
import { explore } from './exploration.ts';
import { IdbGround } from './idb-ground.ts';
import { realDeaths } from './real-deaths.ts';
import { report } from './report.ts';
import { workloads } from './workloads.ts';

const { values } = parseArgs({
  options: {
    /** `memory`, `sqlite` or `idb` (in Chromium). */
    store: { type: 'string', default: 'memory' },
    /** A part of the name of the workloads to run; all of them without. */
    workload: { type: 'string', default: '' },
    /** Each different place once, in one way, as in `npm test`; without, every point in every way. */
    short: { type: 'boolean', default: false },
    /** Only each so manieth different place. */
    every: { type: 'string', default: '1' },
    /** For `idb`: the page's process is really killed. */
    kill: { type: 'boolean', default: false },
  },
});

const chosen = workloads.filter(({ name }) => name.includes(values.workload));
const every = Number(values.every);
const options = { everyPoint: !values.short && every === 1, every, secondEvery: every };
const began = performance.now();
const seconds = () => (performance.now() - began) / 1000;

/** @returns what is wrong. */
async function run(): Promise<readonly string[]> {
  if (values.store !== 'idb') {
    const disk = disks[values.store as keyof typeof disks];
    const tell = ({ name }: { name: string }, until: Parameters<typeof report>[0]) =>
      console.log(`"${name}": ${report(until, seconds()).words}`);
    const { words, wrong } = report(await explore({ workloads: chosen, disk, tell, ...options }), seconds());
    console.log(`${values.store}: ${words}`);
    return wrong;
  }
  const ground = await IdbGround.start();
  try {
    const names = chosen.map(({ name }) => name);
    if (values.kill) {
      const { words, wrong } = await realDeaths(ground, names, every, console.log);
      console.log(`idb, killed for real: ${words}; ${seconds().toFixed(0)} s`);
      return wrong;
    }
    const page = await ground.page();
    page.on('console', (message) => console.log(message.text()));
    const { words, wrong } = await page.evaluate(([all, how]) => window.crashPage.explore(all, how), [
      names,
      options,
    ] as const);
    console.log(`idb: ${words}`);
    return wrong;
  } finally {
    await ground.close();
  }
}

const wrong = await run();
for (const line of wrong.slice(0, 20)) console.log(line);
if (wrong.length > 0) process.exitCode = 1;
