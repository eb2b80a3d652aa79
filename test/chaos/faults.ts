import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import type { FieldOpsProcess } from '../support/field-ops-process.ts';
import type { NodeCluster } from '../support/node-cluster.ts';
import type { PostgresServer } from '../support/postgres.ts';
import type { Chance } from './chance.ts';
import { Tally } from './tally.ts';

export interface FaultsOptions {
  readonly server: PostgresServer;
  readonly databaseUrl: string;
  readonly cluster: NodeCluster;
  readonly seconds: number;
  readonly chance: () => Chance;
}

/** What goes wrong in a campaign. */
export interface Trouble {
  readonly counts: Tally;
  /** Committed transactions, as far as PostgreSQL remembers them. */
  readonly transactions: number;
  /** Nodes found dead that nobody killed. */
  readonly diedAlone: number;
  /** Resolves when the time is up and everything is up again. */
  run(): Promise<void>;
}

/** Nodes, backends, the whole database and the lines fail at random. */
export class Faults implements Trouble {
  readonly counts = new Tally();
  /** Summed over the database's lives: a crash forgets the statistics. */
  transactions = 0;
  diedAlone = 0;
  readonly #options: FaultsOptions;
  #over = false;

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { seconds, cluster } = this.#options;
    const working = Promise.all([
      ...cluster.nodes.map((_, at) => this.#bounceNodes(at)),
      this.#endBackends(),
      this.#stopDatabase(),
      this.#cutLines(),
    ]);
    await sleep(seconds * 1000);
    this.#over = true;
    await working;
    for (const node of cluster.nodes) await this.#look(node);
    this.transactions += await committed(this.#options.databaseUrl);
  }

  async #bounceNodes(at: number): Promise<void> {
    const { cluster, seconds, chance: newChance } = this.#options;
    const chance = newChance();
    const node = cluster.nodes[at];
    if (node === undefined) return;
    for (;;) {
      await this.#rest(seconds * 1000 * (0.05 + 0.35 * chance.random()));
      if (this.#over) return;
      await this.#look(node);
      this.counts.add('nodes killed');
      await cluster.bounce(node, chance.below(1000));
    }
  }

  async #endBackends(): Promise<void> {
    const chance = this.#options.chance();
    while (!this.#over) {
      await this.#rest(200 + chance.below(600));
      await withAdmin(this.#options.databaseUrl, async (sql) => {
        // Those in the middle of something first, a few that wait for work too, and the foreign writers' among them.
        const ended = await sql`
          select pg_terminate_backend(pid) from (
            select pid from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
              and (state <> 'idle' or random() < 0.1)
            order by random() limit ${1 + chance.below(3)}) victims`;
        this.counts.add('backends ended', ended.length);
      });
    }
  }

  /** Once, about half-way: every backend dies at once and the log is all there is to recover from. */
  async #stopDatabase(): Promise<void> {
    const { server, seconds, chance: newChance, databaseUrl } = this.#options;
    const chance = newChance();
    await this.#rest(seconds * 1000 * (0.35 + chance.random() * 0.3));
    this.transactions += await committed(databaseUrl).catch(() => 0);
    await server.kill();
    this.counts.add('immediate stops of PostgreSQL');
    await sleep(chance.below(1000));
    await server.start();
  }

  async #cutLines(): Promise<void> {
    const { cluster, chance: newChance } = this.#options;
    const chance = newChance();
    while (!this.#over) {
      await this.#rest(100 + chance.below(400));
      if (chance.is(0.9)) this.counts.add('connections reset', cluster.balancer.reset(0.05, chance.random));
      else this.counts.add('connections stalled', cluster.balancer.stall(0.1, chance.random));
    }
  }

  async #look(node: FieldOpsProcess): Promise<void> {
    if (!(await this.#options.cluster.isUp(node))) this.diedAlone++;
  }

  /** Waits, but not past the end. */
  async #rest(ms: number): Promise<void> {
    const until = Date.now() + ms;
    while (!this.#over && Date.now() < until) await sleep(Math.min(100, Math.max(1, until - Date.now())));
  }
}

async function committed(url: string): Promise<number> {
  let count = 0;
  await withAdmin(url, async (sql) => {
    const [row] =
      await sql`select xact_commit::float8 as count from pg_stat_database where datname = current_database()`;
    count = row?.['count'];
  });
  return count;
}

/** A connection of its own, which may be among what falls apart: then nothing was done. */
async function withAdmin(url: string, run: (sql: Sql) => Promise<void>): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 3, fetch_types: false, onnotice: () => {} });
  const running = run(sql);
  running.catch(() => {});
  try {
    await Promise.race([running, sleep(5000, undefined, { ref: false })]);
  } catch {
    // The database is away.
  } finally {
    sql.end({ timeout: 0 }).catch(() => {});
  }
}
