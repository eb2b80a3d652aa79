import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import type { Chance } from '../chaos/chance.ts';
import { Tally } from '../chaos/tally.ts';
import type { WorkerProcess } from '../partners/worker-process.ts';
import type { NodeCluster } from '../support/node-cluster.ts';
import type { Agents } from './agents.ts';

export interface TroubleOptions {
  readonly cluster: NodeCluster;
  readonly workers: readonly WorkerProcess[];
  readonly agents: readonly Agents[];
  readonly chance: () => Chance;
  /** The end of the day, in milliseconds since 1970. */
  readonly until: number;
  /** How often each of them is killed in the day. */
  readonly kills: { readonly node: number; readonly worker: number; readonly agents: number };
}

/** Kills nodes, workers and phones all day long, and cuts lines; everything is up again in the evening. */
export async function makeTrouble({ cluster, workers, agents, chance, until, kills }: TroubleOptions): Promise<Tally> {
  const counts = new Tally();
  const begun = Date.now();
  /** So often, each time somewhere in its own part of the middle of the day. */
  const often = async (times: number, doIt: (by: Chance) => Promise<void>) => {
    const by = chance();
    for (let time = 0; time < times; time++) {
      const at = begun + (until - begun) * (0.1 + (0.8 * (time + by.random())) / times);
      await sleep(Math.max(0, at - Date.now()));
      await doIt(by);
    }
  };
  const cutLines = async () => {
    const by = chance();
    while (Date.now() < until) {
      await sleep(500 + by.below(500));
      counts.add('connections to nodes reset', cluster.balancer.reset(0.03, by.random));
    }
  };
  await Promise.all([
    // One after the other: one of them is always up, as behind any balancer.
    often(kills.node * cluster.nodes.length, async (by) => {
      const node = cluster.nodes[counts.of('nodes killed') % cluster.nodes.length];
      counts.add('nodes killed');
      if (node !== undefined) await cluster.bounce(node, by.below(1000));
    }),
    ...workers.map((worker) =>
      often(kills.worker, async (by) => {
        counts.add('workers killed');
        await worker.kill();
        await sleep(by.below(2000));
        await worker.start();
      }),
    ),
    ...agents.map((process) =>
      often(kills.agents, async (by) => {
        counts.add('processes full of phones killed');
        await process.bounce(by.below(1000));
      }),
    ),
    cutLines(),
  ]);
  return counts;
}

/** Tries come soon and a dead worker is noticed soon: what takes hours takes minutes. Waits for no job that somebody holds. */
export async function hurry(sql: Sql): Promise<void> {
  await sql`with late as (
              select name, id from pgboss.job
              where state < 'completed' and name not like '%-dead'
                and (retry_delay <> 1 or heartbeat_seconds <> 10 or start_after > now() + interval '2 seconds')
              for update skip locked)
            update pgboss.job j set retry_delay = 1, retry_delay_max = 2, heartbeat_seconds = 10,
                   start_after = least(j.start_after, now() + interval '2 seconds')
            from late where j.name = late.name and j.id = late.id`;
}

/** Jobs that are not done yet, of all tenants. */
export async function openJobs(sql: Sql): Promise<number> {
  const [left] = await sql<{ n: number }[]>`
    select count(*)::int as n from pgboss.job
    where data->>'tenant' <> '*' and state < 'completed' and name not like '%-dead'`;
  return left?.n ?? 0;
}
