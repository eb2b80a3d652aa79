import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { chanceOf } from '../chaos/chance.ts';
import type { PartnerSimulator } from '../partners/partner-simulator.ts';
import { WorkerProcess } from '../partners/worker-process.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { secret } from '../support/field-ops-process.ts';
import { type NodeCluster, startNodeCluster } from '../support/node-cluster.ts';
import { Agents } from './agents.ts';
import { type BankNight, bankNight } from './bank-night.ts';
import type { Evidence } from './evidence.ts';
import { type Note, readNotes } from './note.ts';
import { Office, type OfficeNote } from './office.ts';
import { addEndpoints, openOutside } from './outside.ts';
import { settleNight } from './settle-night.ts';
import { type GivenDelivery, readGiven, readStations } from './stations.ts';
import { tenants } from './tenants.ts';
import { hurry, makeTrouble, openJobs } from './trouble.ts';

export interface DayOptions {
  readonly seed: number;
  /** An empty database. */
  readonly databaseUrl: string;
  /** Of each operator. */
  readonly agents: number;
  readonly deliveries: number;
  /** How long the agents work. */
  readonly minutes: number;
  readonly nodes: number;
  readonly workers: number;
  /** In how many processes the phones are. */
  readonly phoneProcesses: number;
  readonly kills: {
    readonly node: number;
    readonly worker: number;
    readonly agents: number;
    /** Of all tenants together, whose turn it is one after the other. */
    readonly settlement: number;
  };
  /** Which share of requests the partners treat badly. */
  readonly badShare: number;
  /** A file that the worker loads first: a bug planted into it. */
  readonly workerImport?: string;
  readonly say: (line: string) => void;
}

/** How long everything may take to come to rest in the evening. */
const eveningMs = 40 * 60_000;

/** The whole day and its night. Everything that it starts is ended by `close`. */
export class FullDay {
  readonly #options: DayOptions;
  readonly #folder: string;
  readonly #sql: Sql;
  readonly #cluster: NodeCluster;
  readonly #workers: readonly WorkerProcess[];
  readonly #simulator: PartnerSimulator;
  readonly #given: readonly GivenDelivery[];
  readonly #tracksBefore: ReadonlySet<string>;
  readonly #facts: string[] = [];
  readonly #officeNotes: OfficeNote[] = [];
  readonly #nights = new Map<string, BankNight>();
  #agents: readonly Agents[] = [];
  #streams = 0;

  private constructor(
    options: DayOptions,
    parts: {
      folder: string;
      sql: Sql;
      cluster: NodeCluster;
      workers: readonly WorkerProcess[];
      simulator: PartnerSimulator;
      given: readonly GivenDelivery[];
      tracksBefore: ReadonlySet<string>;
    },
  ) {
    this.#options = options;
    this.#folder = parts.folder;
    this.#sql = parts.sql;
    this.#cluster = parts.cluster;
    this.#workers = parts.workers;
    this.#simulator = parts.simulator;
    this.#given = parts.given;
    this.#tracksBefore = parts.tracksBefore;
  }

  static async open(options: DayOptions): Promise<FullDay> {
    const { databaseUrl, seed, say } = options;
    const folder = await mkdtemp(join(tmpdir(), 'ekbaar-full-day-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const providers = join(folder, 'providers.json');
    const { simulator, url } = await openOutside(providers, chanceOf(seed, -2).random, options.badShare);
    const common = {
      ...{ DATABASE_URL: databaseUrl, EKBAAR_PROVIDERS_FILE: providers, EKBAAR_OUTGOING_ALLOWED: '127.0.0.0/8' },
      EKBAAR_LOG_LEVEL: 'error',
    };
    const cluster = await startNodeCluster(options.nodes, {
      ...common,
      EKBAAR_SEED_AGENTS: String(options.agents),
      EKBAAR_SEED_DELIVERIES: String(options.deliveries),
    });
    say(`${options.nodes} nodes are up`);
    simulator.incomingUrl = `${cluster.url}/api/v1/incoming`;
    const sql = postgres(databaseUrl, { onnotice: () => {}, max: 3 });
    await addEndpoints(cluster.url, url, simulator, bearerTokens(secret));
    await sql`insert into payout_accounts (tenant, agent_id, destination, changed_at, changed_by)
              select tenant, id, 'fa_' || tenant || id, now(), 'full day' from agents`;
    await twoRowsForOneInstalment(sql);
    const workers = Array.from(
      { length: options.workers },
      () =>
        new WorkerProcess({
          ...{ ...common, EKBAAR_JWT_SECRET: secret, EKBAAR_OUTGOING_SECONDS: '2', EKBAAR_WORKER_JOBS: '30' },
          ...(options.workerImport === undefined ? {} : { NODE_OPTIONS: `--import=${options.workerImport}` }),
        }),
    );
    for (const worker of workers) await worker.start();
    say(`${options.workers} workers are up`);
    const tracks = await sql<{ key: string }[]>`select key from agent_track`;
    const tracksBefore = new Set(tracks.map(({ key }) => key));
    const given = await readGiven(sql);
    return new FullDay(options, { folder, sql, cluster, workers, simulator, given, tracksBefore });
  }

  /** The day: agents, offices, trouble; until everything has come to rest. */
  async work(): Promise<void> {
    const { minutes, kills, say, phoneProcesses, seed, agents, deliveries } = this.#options;
    const begun = Date.now();
    this.#agents = this.#openAgents(phoneProcesses, begun + minutes * 60_000 + eveningMs);
    await Promise.all(this.#agents.map((process) => process.start()));
    say(`${agents * tenants.length} agents have opened their phones (${since(begun)})`);
    const until = Date.now() + minutes * 60_000;
    for (const process of this.#agents) process.begin(until);
    const chance = () => chanceOf(seed, this.#streams++);
    const offices = tenants.map((tenant) => {
      const own = this.#given.filter((row) => row.tenant === tenant);
      return new Office({
        ...{ url: this.#cluster.url, tenant, tokenOf: bearerTokens(secret), chance: chance() },
        ...{ deliveries: own.map(({ id }) => id), agents: [...new Set(own.map(({ agentId }) => agentId))] },
        actions: Math.ceil(deliveries * 0.06),
      });
    });
    let resting = false;
    const hurrying = (async () => {
      while (!resting) {
        await hurry(this.#sql);
        await sleep(2000);
      }
    })();
    const [trouble] = await Promise.all([
      makeTrouble({
        ...{ cluster: this.#cluster, workers: this.#workers, agents: this.#agents },
        chance,
        until,
        kills,
      }),
      ...offices.map((office) => office.work(until)),
    ]);
    for (const office of offices) this.#officeNotes.push(...office.notes);
    say(`the day is over (${since(begun)}); the evening begins`);
    await Promise.all(this.#agents.map((process) => process.done()));
    say(`all phones are empty, all days closed (${since(begun)})`);
    await this.#jobsDone(say);
    resting = true;
    await hurrying;
    say(`all jobs are done (${since(begun)})`);
    const repeats = offices.reduce((sum, office) => sum + office.repeats, 0);
    this.#facts.push(`killed and cut: ${trouble.inWords()}`, `requests of ops that had to be sent again: ${repeats}`);
    this.#facts.push(`how partners treated requests: ${inWords(this.#simulator.treatments)}`);
    this.#facts.push(`day and evening: ${since(begun)}`);
  }

  /** The night: the bank's file of what the partner did, settled by processes that are killed. */
  async settle(): Promise<void> {
    const begun = Date.now();
    const { say, seed, databaseUrl, kills } = this.#options;
    const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata' }).format(new Date());
    for (const [at, tenant] of tenants.entries()) {
      const rows = new Map(this.#given.filter((row) => row.tenant === tenant).map((row) => [row.id, row]));
      const paid = this.#simulator.effects
        .filter((effect) => effect.tenant === tenant && effect.paise > 0)
        .map(({ what, paise }) => {
          const row = rows.get(what.split(' ')[1] ?? '');
          return { disbursementId: row?.disbursementId ?? 'nobody', loanId: row?.loanId ?? 'nobody', paise };
        });
      const night = bankNight(paid, today, chanceOf(seed, 1000 + at));
      this.#nights.set(tenant, night);
      const file = join(this.#folder, `${tenant}.csv`);
      await writeFile(file, night.file);
      const ownKills = Math.max(0, Math.ceil((kills.settlement - at) / tenants.length));
      const options = { databaseUrl, sql: this.#sql, tenant, file, lines: paid.length, kills: ownKills };
      const killedAt = await settleNight(options);
      const killed = killedAt.length === 0 ? 'never killed' : `killed after ${killedAt.join(', ')} postings`;
      say(`${tenant} is settled; ${killed}`);
      this.#facts.push(`settlement of ${tenant}: ${paid.length} payments, ${killed}`);
    }
    this.#facts.push(`night: ${since(begun)}`);
  }

  /** Everything that anybody noted, beside what the database says; with `sql`, as it is in that transaction. */
  async evidence(sql: Parameters<typeof readStations>[0] = this.#sql): Promise<Evidence> {
    return {
      given: this.#given,
      notes: this.#agents.flatMap(({ order }): Note[] => readNotes(order.notes)),
      office: this.#officeNotes,
      effects: this.#simulator.effects,
      heard: this.#simulator.heard,
      nights: this.#nights,
      tracksBefore: this.#tracksBefore,
      stations: await readStations(sql),
    };
  }

  get sql(): Sql {
    return this.#sql;
  }

  /** What was done to it, in lines for people. */
  get facts(): readonly string[] {
    return this.#facts;
  }

  async close(): Promise<void> {
    for (const process of this.#agents) await process.kill();
    for (const worker of this.#workers) await worker.kill();
    await this.#simulator.close();
    await this.#cluster.stop();
    await this.#sql.end({ timeout: 5 });
    await rm(this.#folder, { recursive: true, force: true });
  }

  #openAgents(processes: number, deadline: number): readonly Agents[] {
    const { seed } = this.#options;
    const all = [...new Set(this.#given.map(({ tenant, agentId }) => `${tenant} ${agentId}`))].map((name) => {
      const [tenant = '', id = ''] = name.split(' ');
      return { tenant, id };
    });
    return Array.from({ length: processes }, (_, at) => {
      const agents = all.filter((__, index) => index % processes === at);
      return new Agents({
        ...{ seed: seed + at * 1000, port: this.#cluster.balancer.port, secret, agents, secondPhoneEvery: 12 },
        ...{ directory: join(this.#folder, 'phones'), notes: join(this.#folder, `notes-${at}.jsonl`) },
        deadline,
      });
    });
  }

  async #jobsDone(say: (line: string) => void): Promise<void> {
    const deadline = Date.now() + eveningMs;
    let said = Date.now();
    for (let quiet = 0; quiet < 2;) {
      const left = await openJobs(this.#sql);
      if (left > 0 && Date.now() > deadline) throw new Error(`${left} jobs never came to an end`);
      if (left > 0 && Date.now() - said > 20_000) {
        say(`  ${left} jobs are left`);
        said = Date.now();
      }
      if (left === 0) {
        // What the banks still have to tell makes further jobs.
        await this.#simulator.settled();
        quiet = (await openJobs(this.#sql)) === 0 ? quiet + 1 : 0;
      } else quiet = 0;
      await sleep(500);
    }
  }
}

/** Somebody's upload was doubled: two rows for one instalment of one loan, with one agent. Only one may be collected. */
async function twoRowsForOneInstalment(sql: Sql): Promise<void> {
  await sql`
    update deliveries v set loan_id = o.loan_id, instalment_no = o.instalment_no, amount_paise = o.amount_paise
    from (
      select tenant, id, loan_id, instalment_no, amount_paise,
        lead(id) over (partition by tenant, agent_id order by id) as twin,
        row_number() over (partition by tenant, agent_id order by id) as no
      from deliveries where kind = 'collection'
    ) o
    where o.no = 1 and v.tenant = o.tenant and v.id = o.twin`;
}

function inWords(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

function since(begun: number): string {
  return `${((Date.now() - begun) / 60_000).toFixed(1)} min`;
}
