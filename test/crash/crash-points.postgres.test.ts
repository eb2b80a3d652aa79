import { afterAll, beforeAll, expect, test } from 'vitest';
import { campaignSettings } from '../chaos/campaign.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import {
  explore,
  type ExplorationOptions,
  type Explored,
  findingInWords,
  inWords,
  visitInWords,
} from './exploration.ts';
import { faults } from './fault.ts';
import { plantedBugs } from './planted-bugs.ts';
import { Stage, type StageOptions } from './stage.ts';
import { type Workload, workloads } from './workloads.ts';

/** The push of several mutations, and publishing by the sweeper. The others' statements fail in one way each here. */
const inEveryWay: readonly Workload[] = workloads.filter(({ main }) => main);

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ settings: campaignSettings });
});

afterAll(async () => {
  await server.stop();
});

async function exploreOn(options: ExplorationOptions, how: StageOptions = {}): Promise<Explored> {
  const database = await server.freshDatabase();
  const stage = await Stage.start(database.url, how);
  try {
    return await explore(stage, options);
  } finally {
    await stage.close();
    await database.drop();
  }
}

test('every statement fails, those of a push and of publish in every way: each is reached, and the invariants hold after it', async () => {
  const began = performance.now();
  const explored = await exploreOn({
    workloads,
    connections: 'warm',
    inEveryWay: (workload) => inEveryWay.includes(workload),
  });
  console.log(inWords(explored, (performance.now() - began) / 1000));
  const { planned, visited, missed, findings } = explored;
  expect(findings.slice(0, 10).map(findingInWords)).toEqual([]);
  expect(missed.map(visitInWords)).toEqual([]);
  expect(visited).toBe(planned);
  expect(explored.faults).toBe(faults.length);
  expect(inEveryWay.length).toBeGreaterThan(0);
}, 600_000);

test.each(plantedBugs)(
  'finds it when $name',
  async ({ plant, connections, breaks }) => {
    const { findings } = await exploreOn(
      {
        workloads: workloads.slice(0, 1),
        connections,
        inEveryWay: () => false,
        stopAt: ({ invariant }) => invariant === breaks,
      },
      { plant },
    );
    expect(findings.map(({ invariant }) => invariant)).toContain(breaks);
  },
  300_000,
);
