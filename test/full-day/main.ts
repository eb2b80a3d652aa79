/** `pnpm full-day --seed 7`: a full day of three operators and its night; ends with 1 when a rupee is not accounted for. */
import { parseArgs } from 'node:util';
import { startPostgres } from '../support/postgres.ts';
import { closeBooks } from './books.ts';
import { FullDay } from './full-day.ts';
import { findPlanted, plantedBugs, workerBug } from './planted-bugs.ts';
import { tableOf } from './report.ts';
import { tenants } from './tenants.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    /** Of all three operators together. */
    agents: { type: 'string', default: '300' },
    deliveries: { type: 'string', default: '9000' },
    /** How long the agents work. */
    minutes: { type: 'string', default: '12' },
    json: { type: 'boolean', default: false },
    /** Name of a planted bug, or `payout-twice`: the books must then find it. */
    plant: { type: 'string' },
  },
});
const count = (name: 'seed' | 'agents' | 'deliveries' | 'minutes', most: number) => {
  const number = Number(values[name]);
  if (!(number > 0 && number <= most)) throw new TypeError(`--${name}: a number from 1 to ${most}`);
  return number;
};
const bug = plantedBugs.find(({ name }) => name === values.plant);
if (values.plant !== undefined && bug === undefined && values.plant !== workerBug.name)
  throw new TypeError(`--plant: one of ${[workerBug, ...plantedBugs].map(({ name }) => name).join(', ')}`);
const minutes = count('minutes', 120);
const kills = Math.max(1, Math.min(4, Math.round(minutes / 3)));
// Whoever stops this stops everything that it has started: see the exit handlers of each part.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const begun = Date.now();
const say = (line: string) => console.error(`${((Date.now() - begun) / 1000).toFixed(0).padStart(5)} s  ${line}`);

const server = await startPostgres();
try {
  const { url: databaseUrl } = await server.freshDatabase();
  const day = await FullDay.open({
    ...{ databaseUrl, minutes, say, seed: count('seed', 1e9), nodes: 2, workers: 2, phoneProcesses: 3, badShare: 0.1 },
    ...{ agents: Math.ceil(count('agents', 3000) / 3), deliveries: Math.ceil(count('deliveries', 90_000) / 3) },
    kills: { node: kills, worker: kills, agents: 1, settlement: 2 * tenants.length },
    ...(values.plant === workerBug.name ? { workerImport: workerBug.file } : {}),
  });
  try {
    await day.work();
    await day.settle();
    const violations = bug === undefined ? undefined : await findPlanted(day, bug);
    const books = closeBooks(await day.evidence());
    const found = violations ?? books.violations;
    if (values.json) console.log(JSON.stringify({ ...books, violations: found, facts: day.facts }, undefined, 2));
    else {
      console.log(tableOf(books));
      for (const fact of day.facts) console.log(fact);
      for (const what of found.slice(0, 40)) console.log(`NOT ACCOUNTED FOR: ${what}`);
      console.log(found.length === 0 ? 'every rupee is accounted for' : `${found.length} violations`);
    }
    process.exitCode = found.length === 0 ? 0 : 1;
  } finally {
    await day.close();
  }
} finally {
  await server.stop();
}
