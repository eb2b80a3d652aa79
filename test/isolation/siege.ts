import postgres, { type Sql } from 'postgres';
import { chanceOf } from '../chaos/chance.ts';
import { openEvents, type EventStream } from '../protocol/event-stream.ts';
import type { FreshDatabase } from '../support/postgres.ts';
import type { HttpAnswer } from '../support/http-client.ts';
import { type Besieged, startBesieged, type Variant } from './besieged.ts';
import { canariesIn, type Mint, tenants } from './canary.ts';
import type { Person } from './cast.ts';
import type { Figures } from './figures.ts';
import { type Attempt, inWords } from './hostile.ts';
import { type Loot, lootOf } from './loot.ts';
import { type Level, Oracle, readsScope } from './oracle.ts';
import { Places } from './places.ts';
import { type Route, routesOf } from './routes.ts';
import type { World } from './world.ts';

/** Something came out, or into a table, where it must not be. */
export class Leak extends Error {
  override readonly name = 'Leak';
}

/** What a log line may name: they are what its lines are found by. */
const loggedNames = new Set(['requestId', 'tenant', 'actor', 'client']);
/** How long an event stream's first words may take. */
const streamMs = 5_000;

export interface SiegeOptions {
  readonly variant?: Variant;
  readonly level?: Level;
  readonly figures: Figures;
}

/** A server on a copy of the world. Whatever it answers is held against what the oracle says. */
export class Siege {
  readonly world: World;
  readonly level: Level;
  readonly oracle: Oracle;
  readonly besieged: Besieged;
  readonly figures: Figures;
  routes: readonly Route[] = [];
  readonly loot: Loot;
  readonly #database: FreshDatabase;
  readonly #sql: Sql;
  readonly #places: Places;
  readonly #streams: { readonly person: Person; readonly stream: EventStream; read: number }[] = [];
  readonly #clients = new Map<Person, string>();

  private constructor(
    world: World,
    database: FreshDatabase,
    besieged: Besieged,
    { level = 'scope', figures }: SiegeOptions,
  ) {
    this.world = world;
    this.level = level;
    this.figures = figures;
    this.besieged = besieged;
    this.oracle = new Oracle(level, world.cast.people, world.mints.values());
    this.loot = lootOf(world.places, world.envelopes, world.cursors);
    this.#database = database;
    this.#sql = postgres(database.url, { max: 1, onnotice: () => {} });
    this.#places = new Places(this.#sql);
    const chance = chanceOf(world.seed, 20);
    for (const person of world.cast.people)
      this.#clients.set(person, `c-${this.mintOf(person, chance.below(3)).text()}`);
  }

  static async start(world: World, copy: () => Promise<FreshDatabase>, options: SiegeOptions): Promise<Siege> {
    const database = await copy();
    const besieged = await startBesieged(database.url, world.secret, options.variant);
    const siege = new Siege(world, database, besieged, options);
    try {
      await siege.#begin();
      return siege;
    } catch (error) {
      await siege.stop();
      throw error;
    }
  }

  async #begin(): Promise<void> {
    const description = await this.besieged.get('/openapi.json', null);
    this.routes = routesOf(this.besieged.server, description.body);
    hold(this.oracle.look(await this.#places.read(), undefined));
    this.figures.planted = Math.max(this.figures.planted, this.#planted());
    for (const tenant of tenants) {
      for (const sub of ['a01', 'ops', 'ops1', 'odd0']) {
        const person = this.world.cast.people.find((one) => one.tenant === tenant && one.sub === sub);
        if (person === undefined) continue;
        this.#streams.push({ person, stream: await openEvents(this.besieged.url, person.token), read: 0 });
      }
    }
  }

  /** Canaries of the sender's tenant; of one that has none, some other's. */
  mintOf({ tenant }: Pick<Person, 'tenant'>, otherwise = 0): Mint {
    const known = tenants.find((each) => each === tenant) ?? tenants[otherwise] ?? 'pennco';
    return this.world.mints.get(known) as Mint;
  }

  clientOf(person: Person): string {
    return this.#clients.get(person) ?? '';
  }

  /** The clients of a person and how far each has come, its usual one included. */
  clientsOf(person: Person): { clientId: string; last: number }[] {
    const known = this.oracle.places.flatMap(({ table, tenant, row }) =>
      table === 'clients' && tenant === person.tenant && row['actor'] === person.sub
        ? [{ clientId: String(row['client_id']), last: Number(row['last_mutation_id']) }]
        : [],
    );
    const usual = this.clientOf(person);
    return known.some(({ clientId }) => clientId === usual) ? known : [{ clientId: usual, last: 0 }, ...known];
  }

  /**
   * Sends a request and holds its answer, the tables and the log against the oracle.
   *
   * @param mayFail where a mutator breaks its own session, a 500 that keeps nothing is as good an answer as any
   * @param person whose good token goes with it; undefined: `token`, which must not be believed
   * @throws Leak
   */
  async send(
    attempt: Attempt,
    person: Person | undefined,
    token: string | null = null,
    mayFail = false,
  ): Promise<HttpAnswer> {
    const said = [decoded(attempt.path), JSON.stringify(attempt.headers), JSON.stringify(attempt.body ?? null)];
    if (person !== undefined) said.push(person.sub, JSON.stringify(person.regions ?? null), person.role);
    const sent = canariesIn(said.join('\n'));
    if (attempt.method === 'POST' && person !== undefined) this.oracle.bring(person, sent);
    const bearer = person?.token ?? token;
    // Packing and unpacking is not what takes the time here.
    const headers = { 'accept-encoding': 'identity', ...attempt.headers };
    const answer = attempt.path.startsWith('/v1/events')
      ? await this.#listen(attempt, bearer)
      : attempt.method === 'GET'
        ? await this.besieged.get(attempt.path, bearer, headers)
        : await this.besieged.post(attempt.path, bearer, attempt.body, headers);
    const wrong: string[] = [];
    if (attempt.method === 'POST') wrong.push(...this.oracle.look(await this.#places.read(), person?.tenant ?? null));
    wrong.push(...this.#wrongIn(answer, person, sent, mayFail), ...this.#wrongInLogs());
    this.figures.count(attempt, answer);
    hold(
      wrong,
      () =>
        `${attempt.method} ${attempt.path} by ${person === undefined ? 'nobody' : inWords(person)} sending ${JSON.stringify(attempt.body)?.slice(0, 1500)} was answered ${answer.status} ${answer.text.slice(0, 1500)}`,
    );
    return answer;
  }

  async #listen({ path, headers }: Attempt, token: string | null): Promise<HttpAnswer> {
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(streamMs)]);
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`${this.besieged.url}${path}`, { headers: { ...headers, ...authorization }, signal });
    const reader = response.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    abort.abort();
    return {
      status: response.status,
      headers: response.headers,
      text: Buffer.from(value ?? []).toString(),
      body: undefined,
    };
  }

  #wrongIn(answer: HttpAnswer, person: Person | undefined, sent: ReadonlySet<string>, mayFail: boolean): string[] {
    const wrong: string[] = [];
    const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    for (const canary of canariesIn(`${headers}\n${answer.text}`)) {
      if (sent.has(canary) || !this.oracle.isCanary(canary)) continue;
      if (person === undefined || !this.oracle.maySee(person, canary)) wrong.push(`${canary} came out`);
    }
    if (answer.status === 500 && !mayFail) wrong.push('the server failed');
    if (person !== undefined && answer.status === 401) wrong.push('a good token was not believed');
    if (person !== undefined) wrong.push(...this.#wrongScopes(answer.body, person));
    return wrong;
  }

  /** Scopes of a delta, whose names may be no canaries. */
  #wrongScopes(body: unknown, person: Person): string[] {
    const delta = (body as { delta?: unknown } | undefined)?.delta ?? body;
    const { changes, scopes } = (delta ?? {}) as { changes?: readonly { scope?: unknown }[]; scopes?: object };
    if (!Array.isArray(changes) || typeof scopes !== 'object') return [];
    const named = [...changes.map(({ scope }) => String(scope)), ...Object.keys(scopes)];
    return named.filter((scope) => !readsScope(person, scope)).map((scope) => `a delta of the scope ${scope}`);
  }

  #wrongInLogs(): string[] {
    return this.besieged.takeLogs().flatMap((line) => {
      const facts = Object.fromEntries(Object.entries(line).filter(([name]) => !loggedNames.has(name)));
      this.figures.logLines++;
      // An error shows its parts only when it is asked for them.
      const text = JSON.stringify(facts, (_, value: unknown) =>
        value instanceof Error ? { parts: Object.entries(value), message: value.message, stack: value.stack } : value,
      );
      return [...canariesIn(text)]
        .filter((canary) => this.oracle.isCanary(canary))
        .map((canary) => `${canary} in the log: ${text.slice(0, 600)}`);
    });
  }

  /** Looks at everything that nobody asked for: what streams were told, metrics, and whether reading changed something. */
  async inspect(): Promise<void> {
    const wrong = this.oracle.look(await this.#places.read(), null);
    const metrics = await this.besieged.get('/metrics', null);
    this.figures.metricsBytes += metrics.text.length;
    for (const canary of canariesIn(metrics.text))
      if (this.oracle.isCanary(canary)) wrong.push(`${canary} in the metrics`);
    for (const each of this.#streams) {
      const text = each.stream.text().slice(each.read);
      each.read += text.length;
      this.figures.streamBytes += text.length;
      const { person } = each;
      for (const canary of canariesIn(text))
        if (
          this.oracle.isCanary(canary) &&
          !this.oracle.maySee(person, canary) &&
          !JSON.stringify(person.regions ?? []).includes(canary)
        )
          wrong.push(`${canary} was poked to ${inWords(person)}`);
      for (const poke of each.stream.pokes())
        for (const scope of Object.keys(poke))
          if (!readsScope(person, scope)) wrong.push(`${scope} was poked to ${inWords(person)}`);
    }
    wrong.push(...this.#wrongInLogs());
    hold(wrong);
  }

  #planted(): number {
    const all = this.oracle.places.flatMap(({ canaries }) => [...canaries.values()].flatMap((found) => [...found]));
    return new Set(all.filter((canary) => this.oracle.isCanary(canary))).size;
  }

  async stop(): Promise<void> {
    for (const { stream } of this.#streams) stream.close();
    await this.#sql.end();
    await this.besieged.close();
    await this.#database.drop();
  }
}

/** @throws Leak when anything is wrong */
export function hold(wrong: readonly string[], where: () => string = () => ''): void {
  if (wrong.length > 0) throw new Leak(`${wrong.slice(0, 12).join('\n')}\n${where()}`);
}

function decoded(path: string): string {
  try {
    return `${path}\n${decodeURIComponent(path.replaceAll('+', ' '))}`;
  } catch {
    return path;
  }
}
