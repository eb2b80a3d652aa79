import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { type NodeCluster, startNodeCluster } from '../support/node-cluster.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { act } from './agent.ts';
import { canaryOf, tenants } from './canary.ts';
import { checkEffects } from './check-effects.ts';
import { checkOutcomes } from './check-outcomes.ts';
import { checkReplicas } from './check-replicas.ts';
import type { Evidence } from './evidence.ts';
import { readEvidence } from './evidence.ts';
import { Faults, type FaultsOptions, type Trouble } from './faults.ts';
import { type Crowd, type Field, peopleTheField, type PhoneAtWork } from './field.ts';
import { type Violation, Violations } from './violation.ts';

export interface CampaignOptions {
  readonly seed: number;
  /** How long faults go on; peace and the checks come after. */
  readonly seconds: number;
  /** Then it goes on in peace until so many confirmations were promised: on a busy machine phones know no rows for long. */
  readonly leastConfirmations?: number;
  readonly nodes: number;
  /** The demo day of each tenant. */
  readonly deliveries: number;
  readonly crowd: Crowd;
  /** Where the nodes and the foreign programs find the database; a server of its own without. */
  readonly database?: CampaignDatabase;
  /** What goes wrong; faults of every kind at random without. */
  readonly trouble?: (parts: FaultsOptions) => Trouble;
}

export interface CampaignDatabase {
  readonly server: PostgresServer;
  /** An empty database. */
  readonly url: string;
}

/** Tells when each row's transaction committed: the order that I3 speaks of. */
export const campaignSettings = { track_commit_timestamp: 'on' };

/** How long everything may take to drain once the faults are over, on a slow machine. */
const peaceMs = 90_000;

/**
 * Three tenants' people, programs and readers at work on several nodes and one real PostgreSQL, with faults of every
 * kind; then peace, and the invariants.
 */
export class Campaign {
  readonly field: Field;
  readonly url: string;
  readonly #options: CampaignOptions;
  readonly #server: PostgresServer;
  readonly #cluster: NodeCluster;
  readonly #trouble: Trouble;
  #over = false;

  private constructor(
    options: CampaignOptions,
    server: PostgresServer,
    url: string,
    cluster: NodeCluster,
    field: Field,
  ) {
    this.#options = options;
    this.#server = server;
    this.url = url;
    this.#cluster = cluster;
    this.field = field;
    const { seconds } = options;
    const parts = { server, databaseUrl: url, cluster, seconds, chance: () => field.chance() };
    this.#trouble = options.trouble?.(parts) ?? new Faults(parts);
  }

  static async start(options: CampaignOptions): Promise<Campaign> {
    const { server, url } = options.database ?? (await ownDatabase());
    const cluster = await startNodeCluster(options.nodes, {
      DATABASE_URL: url,
      EKBAAR_SEED_AGENTS: String(options.crowd.agents),
      EKBAAR_SEED_DELIVERIES: String(options.deliveries),
    });
    const agents = await withSql(url, async (sql) => {
      for (const tenant of tenants) {
        const canary = canaryOf(tenant);
        await sql`update agents set name = ${canary} where tenant = ${tenant}`;
        await sql`update deliveries set customer_name = ${canary}, village = ${canary} where tenant = ${tenant}`;
        await sql`update disbursements set loan_id = ${canary} || loan_id where tenant = ${tenant}`;
      }
      return sql<
        { tenant: string; id: string; regionId: string }[]
      >`select tenant, id, region_id as "regionId" from agents order by tenant, id`;
    });
    const field = await peopleTheField(
      options.seed,
      { url: cluster.url, port: cluster.balancer.port, databaseUrl: url, agents },
      options.crowd,
    );
    return new Campaign(options, server, url, cluster, field);
  }

  /** The campaign itself, faults and all, until everything is quiet. */
  async run(): Promise<void> {
    const { field } = this;
    const working = [
      ...field.phones.map((atWork) => this.#drivePhone(atWork)),
      ...field.programs.map((atWork) => this.#driveProgram(atWork)),
      ...field.foreign.map((atWork) => this.#driveForeign(atWork)),
      ...field.readers.map((atWork) => this.#driveReader(atWork)),
      this.#clonePhones(),
    ];
    await this.#trouble.run();
    const confirmations = () => field.promises.all.filter(({ name }) => name === 'confirmDelivery').length;
    while (confirmations() < (this.#options.leastConfirmations ?? 0)) await sleep(100);
    this.#over = true;
    field.line.rules.decide = () => ({ kind: 'pass' });
    field.timeoutMs = 60_000;
    await Promise.all(working);
    await this.quiet();
  }

  /** Drains every log and brings every replica up to date. */
  async quiet(): Promise<void> {
    const { phones, programs } = this.field;
    await Promise.all([
      ...phones.map(({ phone }) => this.#until(() => phone.sync(1000), `${phone.replica.name} to send everything`)),
      ...programs.map(({ program }) => this.#until(() => program.send(), `${program.replica.name} to be answered`)),
    ]);
    await withSql(this.url, (sql) =>
      this.#until(async () => (await sql`select from sync.dirty limit 1`).length === 0, 'every mark to be published'),
    );
    await this.catchUp();
  }

  async catchUp(): Promise<void> {
    const { phones, programs, readers } = this.field;
    await Promise.all([
      ...phones.map(({ phone }) => this.#until(() => phone.sync(1000), `${phone.replica.name} to fetch everything`)),
      ...[...programs, ...readers].map(({ reader }) =>
        this.#until(() => reader.pull(1000), `${reader.replica.name} to fetch everything`),
      ),
    ]);
  }

  /**
   * What the invariants say of the tables as they are now; with `sql`, as they are in that transaction.
   *
   * @param live also what was seen while the campaign ran
   */
  async check({ sql, live = true }: { sql?: Parameters<typeof readEvidence>[0]; live?: boolean } = {}): Promise<
    Violation[]
  > {
    const evidence = sql === undefined ? await withSql(this.url, readEvidence) : await readEvidence(sql);
    const found = new Violations();
    checkOutcomes(evidence, this.field.promises.all, found);
    checkEffects(evidence, found);
    checkReplicas(evidence, this.field.replicas, found);
    this.#evidence = evidence;
    return [...(live ? this.field.violations.list : []), ...found.list];
  }

  #evidence: Evidence | undefined;

  /** Nodes found dead that nobody had killed. */
  get diedAlone(): number {
    return this.#trouble.diedAlone;
  }

  /** What was done, in lines for people. */
  report(): string[] {
    const { field } = this;
    const { all, replays } = field.promises;
    const by = (status: string) => all.filter(({ told }) => told?.status === status).length;
    const writers = field.phones.length + field.programs.length + field.foreign.length;
    const faults =
      this.#trouble.counts.total +
      Object.entries(field.line.counts).reduce((sum, [kind, n]) => (kind === 'pass' ? sum : sum + n), 0);
    return [
      `seed ${this.#options.seed}: ${this.#options.seconds} s, ${this.#options.nodes} nodes, ${writers} writers, ${field.readers.length} readers, ${tenants.length} tenants`,
      ...(this.#trouble.diedAlone > 0 ? [`NODES DIED BY THEMSELVES: ${this.#trouble.diedAlone}`] : []),
      `faults: ${faults} (${this.#trouble.counts.inWords()}; line of the phones: ${JSON.stringify(field.line.counts)})`,
      `transactions: at least ${this.#trouble.transactions} committed (${field.tally.inWords()})`,
      `mutations: ${all.length} promised, ${by('applied')} applied, ${by('rejected')} rejected, ${by('dead')} dead, ${replays} answered again`,
      `pulls: ${field.tally.of('pulls')} with ${field.tally.of('changes pulled')} changes; answers by status: ${field.answers.inWords()}`,
      `tables: ${this.#evidence?.receipts.length} receipts, ${this.#evidence?.rows.length} synced rows, ${this.#evidence?.ledger.length} ledger entries, ${this.#evidence?.jobs.length} jobs`,
    ];
  }

  async stop(): Promise<void> {
    await Promise.all(this.field.foreign.map(({ writer }) => writer.close().catch(() => {})));
    await this.field.line.close();
    await this.#cluster.stop();
    await this.#server.stop();
  }

  async #drivePhone({ phone, chance, sibling }: PhoneAtWork): Promise<void> {
    while (!this.#over) {
      // A phone that is away from the net for long does not go on for ever.
      if (phone.pending < 40 && chance.is(0.8)) act(phone, this.field.promises, chance, sibling);
      const answered = await phone.sync(1 + chance.below(300));
      await sleep(chance.below(answered === undefined ? 1000 : 250));
    }
  }

  async #driveProgram({ program, reader, chance }: Field['programs'][number]): Promise<void> {
    while (!this.#over) {
      await reader.pull();
      program.act(chance);
      await program.send();
      await sleep(chance.below(250));
    }
  }

  async #driveForeign({ writer, chance }: Field['foreign'][number]): Promise<void> {
    while (!this.#over) {
      await writer.write();
      await sleep(chance.below(300));
    }
  }

  async #driveReader({ reader, chance }: Field['readers'][number]): Promise<void> {
    while (!this.#over) {
      const complete = await reader.pull();
      if (complete !== true) {
        await sleep(chance.below(complete === undefined ? 500 : 20));
        continue;
      }
      await sleep(chance.below(300));
      if (!this.#over) reader.rest();
    }
  }

  /** In the middle of the run some phones are restored to other devices, which go on under the same client id. */
  async #clonePhones(): Promise<void> {
    const { crowd, seconds } = this.#options;
    const chance = this.field.chance();
    const originals = tenants.flatMap((tenant) =>
      this.field.phones
        .filter(({ phone }) => phone.person.tenant === tenant)
        .slice(crowd.siblings, crowd.siblings + crowd.clones),
    );
    await Promise.all(
      originals.map(async ({ phone }) => {
        await sleep(seconds * 1000 * (0.2 + 0.5 * chance.random()));
        const clone = await this.field.addClone(phone, `clone of ${phone.person.id}`);
        await this.#drivePhone(clone);
      }),
    );
  }

  async #until(done: () => Promise<boolean | undefined>, what: string): Promise<void> {
    const deadline = Date.now() + peaceMs;
    while (!(await done())) {
      if (Date.now() > deadline) return this.field.violations.add('I1', `waited in vain for ${what}`);
      await sleep(50);
    }
  }
}

async function ownDatabase(): Promise<CampaignDatabase> {
  const server = await startPostgres({ fsync: true, settings: campaignSettings });
  return { server, url: (await server.freshDatabase()).url };
}

/** A connection past everything that is under test. */
export async function withSql<T>(url: string, run: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await run(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
