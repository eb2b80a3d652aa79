import { seededFaults } from './line-faults.ts';
import type { BadNetwork } from '../support/bad-network.ts';
import { startBadNetwork } from '../support/bad-network.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { secret } from '../support/field-ops-process.ts';
import { type Chance, chanceOf } from './chance.ts';
import { tenants } from './canary.ts';
import { ForeignWriter } from './foreign-writer.ts';
import { type Line, openLine } from './line.ts';
import { Phone } from './phone.ts';
import { type Person, Promises } from './promises.ts';
import { Reader } from './reader.ts';
import { RestProgram } from './rest-program.ts';
import { Tally } from './tally.ts';
import { Violations } from './violation.ts';
import { WatchedReplica } from './watched-replica.ts';

/** How many of each work in every tenant. */
export interface Crowd {
  readonly agents: number;
  /** Further phones of the first agents, which send some of the same mutations under the same keys. */
  readonly siblings: number;
  /** Phones that are restored from another one's backup in the middle of the run. */
  readonly clones: number;
  readonly ops: number;
  readonly settlement: number;
  readonly foreign: number;
  readonly agentReaders: number;
  readonly opsReaders: number;
  readonly regionReaders: number;
  /** Readers that fetch everything again and again, in small pages. */
  readonly newcomers: number;
}

interface Reading {
  /** Most changes in a page. */
  readonly limit: number;
  /** Begins from nothing again whenever it has everything. */
  readonly again: boolean;
  /** The only one that the token names; all of them without. */
  readonly region?: string;
}

export interface PhoneAtWork {
  readonly phone: Phone;
  readonly chance: Chance;
  readonly sibling?: Phone;
}

/** Everybody who works on the cluster, and what they were promised and shown. */
export class Field {
  readonly violations = new Violations();
  readonly promises = new Promises(this.violations);
  readonly tally = new Tally();
  readonly answers = new Tally();
  readonly phones: PhoneAtWork[] = [];
  readonly programs: { readonly program: RestProgram; readonly reader: Reader; readonly chance: Chance }[] = [];
  readonly foreign: { readonly writer: ForeignWriter; readonly chance: Chance }[] = [];
  readonly readers: { readonly reader: Reader; readonly chance: Chance }[] = [];
  /** How long an answer is waited for; less while faults are on. */
  timeoutMs = 10_000;
  readonly #seed: number;
  readonly #url: string;
  readonly #line: BadNetwork;
  readonly #token = bearerTokens(secret);
  #streams = 0;

  constructor(seed: number, url: string, line: BadNetwork) {
    this.#seed = seed;
    this.#url = url;
    this.#line = line;
  }

  chance(): Chance {
    return chanceOf(this.#seed, this.#streams++);
  }

  get line(): BadNetwork {
    return this.#line;
  }

  /** Everything that must be like the tables in the end. */
  get replicas(): WatchedReplica[] {
    return [
      ...this.phones.map(({ phone }) => phone.replica),
      ...this.programs.map(({ program }) => program.replica),
      ...this.readers.map(({ reader }) => reader.replica),
    ];
  }

  async addPhone(tenant: string, agent: string, name: string, sibling?: Phone): Promise<Phone> {
    const chance = this.chance();
    const person: Person = { tenant, id: agent, role: 'agent' };
    const { promises, violations, tally } = this;
    const replica = this.#replicaOf(name, person);
    const phone = new Phone({
      person,
      line: await this.#lineOf(person),
      replica,
      promises,
      violations,
      tally,
      uuid: chance.uuid,
    });
    this.phones.push({ phone, chance, ...(sibling === undefined ? {} : { sibling }) });
    return phone;
  }

  async addClone(of: Phone, name: string): Promise<PhoneAtWork> {
    const clone = of.clone(this.#replicaOf(name, of.person), await this.#lineOf(of.person));
    const atWork = { phone: clone, chance: this.chance() };
    this.phones.push(atWork);
    this.tally.add('clones');
    return atWork;
  }

  async addProgram(person: Person, name: string): Promise<void> {
    const reader = await this.#readerOf(person, name, { limit: 1000, again: false });
    const program = new RestProgram(person, await this.#lineOf(person), reader.replica, this.promises);
    this.programs.push({ program, reader, chance: this.chance() });
  }

  /** @param through what stands between the reader and the line */
  async addReader(person: Person, name: string, how: Reading, through?: (line: Line) => Line): Promise<void> {
    const reader = await this.#readerOf(person, name, how, through);
    this.readers.push({ reader, chance: this.chance() });
  }

  async #readerOf(
    person: Person,
    name: string,
    { region, ...how }: Reading,
    through: (line: Line) => Line = (line) => line,
  ): Promise<Reader> {
    const { tally, violations } = this;
    // Past the bad line, whose cache knows no persons: the balancer cuts and stalls these.
    const line = through(await this.#lineOf(person, this.#url, region));
    return new Reader({ line, replica: this.#replicaOf(name, person, region), tally, violations, ...how });
  }

  async #lineOf({ tenant, id, role }: Person, url = this.#line.url, region?: string) {
    const token = await this.#token(id, role, tenant, region === undefined ? {} : { regions: [region] });
    return openLine({
      url,
      token,
      tenant,
      timeoutMs: () => this.timeoutMs,
      answers: this.answers,
      violations: this.violations,
    });
  }

  #replicaOf(name: string, { tenant, id, role }: Person, region?: string): WatchedReplica {
    const reads = (scope: string) =>
      scope === `actor:${id}` ||
      (role === 'agent'
        ? scope === `agent:${id}`
        : region === undefined
          ? scope.startsWith('region:')
          : scope === `region:${region}`);
    return new WatchedReplica(name, tenant, reads, this.violations);
  }
}

/** Puts a crowd to work; what it does is for the caller to start. */
export async function peopleTheField(
  seed: number,
  {
    url,
    port,
    databaseUrl,
    agents,
  }: {
    url: string;
    port: number;
    databaseUrl: string;
    agents: readonly { tenant: string; id: string; regionId: string }[];
  },
  crowd: Crowd,
): Promise<Field> {
  const faults = chanceOf(seed, -1);
  const line = await startBadNetwork({ target: { host: '127.0.0.1', port }, random: faults.random });
  line.rules.decide = seededFaults(faults);
  const field = new Field(seed, url, line);
  for (const tenant of tenants) {
    const own = agents.filter((agent) => agent.tenant === tenant);
    const regions = [...new Set(own.map(({ regionId }) => regionId))];
    const person = (role: Person['role'], id: string): Person => ({ tenant, id, role });
    for (const { id } of own.slice(0, crowd.agents)) await field.addPhone(tenant, id, `phone of ${id}`);
    for (const { id } of own.slice(0, crowd.siblings)) {
      const first = field.phones.findIndex(({ phone }) => phone.person.tenant === tenant && phone.person.id === id);
      const atWork = field.phones[first];
      const sibling = await field.addPhone(tenant, id, `second phone of ${id}`);
      if (atWork !== undefined) field.phones[first] = { ...atWork, sibling };
    }
    for (let at = 0; at < crowd.ops; at++) await field.addProgram(person('ops', `ops-${at}`), `ops-${at}`);
    for (let at = 0; at < crowd.settlement; at++)
      await field.addProgram(person('settlement', `bank-${at}`), `bank-${at}`);
    for (let at = 0; at < crowd.foreign; at++) {
      const chance = field.chance();
      const writer = new ForeignWriter(databaseUrl, {
        tenant,
        name: `f${at}`,
        agents: own,
        chance,
        tally: field.tally,
      });
      field.foreign.push({ writer, chance });
    }
    for (const { id } of own.slice(0, crowd.agentReaders)) {
      await field.addReader(person('agent', id), `reader ${id}`, { limit: 100, again: false });
    }
    for (let at = 0; at < crowd.opsReaders; at++) {
      await field.addReader(person('ops', `desk-${at}`), `desk ${at}`, { limit: 1000, again: false });
    }
    for (let at = 0; at < crowd.regionReaders; at++) {
      const region = regions[at % regions.length] ?? 'nowhere';
      await field.addReader(person('ops', `branch-${at}`), `branch ${at}`, { limit: 200, again: false, region });
    }
    for (let at = 0; at < crowd.newcomers; at++) {
      await field.addReader(person('ops', `new-${at}`), `newcomer ${at}`, { limit: 37 + 40 * at, again: true });
    }
  }
  return field;
}
