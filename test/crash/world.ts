import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '@ekbaar/sdk/protocol';
import { type Line, type LineAnswer, openLine } from '../chaos/line.ts';
import { Phone } from '../chaos/phone.ts';
import { type Person, type Promised, Promises } from '../chaos/promises.ts';
import { Reader } from '../chaos/reader.ts';
import { Tally } from '../chaos/tally.ts';
import { Violations } from '../chaos/violation.ts';
import { WatchedReplica } from '../chaos/watched-replica.ts';
import type { DeliverySeed } from './ground.ts';
import type { Stage } from './stage.ts';

/** Far more tries than any single failure needs. */
const mostTries = 40;
const timeoutMs = 20_000;

/** One tenant with its people, on which a workload runs once. */
export class World {
  readonly tenant: string;
  readonly stage: Stage;
  readonly violations = new Violations();
  readonly promises = new Promises(this.violations);
  readonly replicas: WatchedReplica[] = [];
  /** Dead letters that operations had run again. */
  readonly retried: string[] = [];
  /** Requests that wait for their answers; of each, the status of its answer once it has one. */
  readonly #underWay = new Set<{ status?: number | undefined }>();
  #unknown: readonly { status?: number | undefined }[] = [];
  readonly agent: Person;
  readonly #ops: Person;
  readonly #tally = new Tally();
  readonly #lines = new Map<string, Line>();

  constructor(stage: Stage, tenant: string) {
    this.stage = stage;
    this.tenant = tenant;
    this.agent = { tenant, id: 'a1', role: 'agent' };
    this.#ops = { tenant, id: 'ops', role: 'ops' };
  }

  /** Signs everybody in. */
  async open(): Promise<void> {
    for (const { id, role } of [this.agent, this.#ops]) {
      const token = await this.stage.token(id, role, this.tenant);
      const { url } = this.stage;
      const { tenant, violations } = this;
      const line = openLine({ url, token, tenant, timeoutMs: () => timeoutMs, answers: this.#tally, violations });
      const noting: Line = {
        send: async (...request) => {
          const waiting: { status?: number | undefined } = {};
          this.#underWay.add(waiting);
          const answer = await line.send(...request);
          this.#underWay.delete(waiting);
          waiting.status = answer?.status;
          return answer;
        },
      };
      this.#lines.set(id, noting);
    }
  }

  #line({ id }: Person): Line {
    const line = this.#lines.get(id);
    if (line === undefined) throw new Error(`nobody signed ${id} in`);
    return line;
  }

  #replica(name: string, readable: (scope: string) => boolean): WatchedReplica {
    const replica = new WatchedReplica(name, this.tenant, readable, this.violations);
    this.replicas.push(replica);
    return replica;
  }

  /** @param loses answers that its line loses, the first ones */
  phone(loses = 0): Phone {
    const line = this.#line(this.agent);
    let left = loses;
    return new Phone({
      person: this.agent,
      line: {
        async send(...request) {
          const answer = await line.send(...request);
          return left-- > 0 ? undefined : answer;
        },
      },
      replica: this.#replica(`phone ${this.replicas.length}`, (scope) => ['agent:a1', 'actor:a1'].includes(scope)),
      promises: this.promises,
      violations: this.violations,
      tally: this.#tally,
      uuid: () => crypto.randomUUID(),
    });
  }

  promise(name: string, args: Record<string, unknown>): Promised {
    return this.promises.make(this.agent, name, args, crypto.randomUUID());
  }

  confirm({ id, amountPaise }: DeliverySeed, over: Record<string, unknown> = {}): Promised {
    return this.promise('confirmDelivery', {
      ...{ deliveryId: id, amountPaise, confirmedAt: '2026-11-22T10:04:05.123+05:30' },
      ...over,
    });
  }

  fail({ id }: DeliverySeed): Promised {
    return this.promise('failDelivery', { deliveryId: id, reason: 'refused' });
  }

  /** Puts them at the end of the phone's log, and sends them until they are answered. */
  async send(phone: Phone, ...promised: Promised[]): Promise<void> {
    this.add(phone, ...promised);
    await this.until(() => phone.sync(1000), 'the phone to be answered');
  }

  add(phone: Phone, ...promised: Promised[]): void {
    for (const one of promised) phone.add(one, '2026-11-22T04:34:05.123Z');
  }

  /** Asks until it is done, as everybody does who was told to come again. */
  async until(done: () => Promise<boolean | undefined>, what: string): Promise<void> {
    for (let tries = 0; tries < mostTries; tries++) {
      if ((await done()) === true) return;
      // Retry-After is in seconds, and nothing here takes that long to mend.
      await sleep(tries);
    }
    this.violations.add('I1', `${this.tenant} waited in vain for ${what}`);
  }

  /** One try over REST. @returns the answer once it is an outcome */
  async tryRest(promised: Promised): Promise<LineAnswer | undefined> {
    const answer = await this.#line(promised.person).send('POST', `/v1/mutations/${promised.name}`, promised.args, {
      'idempotency-key': promised.key,
    });
    if (answer === undefined || ![200, 202, 422].includes(answer.status)) return undefined;
    const { key: _, ...outcome } = answer.body as Outcome & { key: string };
    this.promises.tell(promised, outcome, answer.headers['idempotency-replayed'] === 'true');
    return answer;
  }

  async rest(promised: Promised): Promise<void> {
    await this.until(async () => (await this.tryRest(promised)) !== undefined, `an answer to ${promised.name}`);
  }

  /** Operations have a dead letter run again, until they see that it was. */
  async retryDeadLetter(promised: Promised): Promise<void> {
    const ops = this.#line(this.#ops);
    await this.until(async () => {
      const answer = await ops.send('POST', `/v1/admin/dead-letters/${promised.key}/retry`, {});
      // One whose constraint check was cut off is as dead as before: `still_dead`, and they try once more.
      return answer?.status === 200 || (answer?.body as { code?: string } | undefined)?.code === 'not_dead';
    }, 'a dead letter to be run again');
    this.retried.push(promised.key);
    await this.until(async () => {
      const answer = await ops.send('GET', `/v1/admin/receipts/${promised.key}`);
      if (answer?.status !== 200) return false;
      const { status, result, error } = (answer.body as { receipt: Outcome }).receipt;
      promised.told = {
        status,
        ...(result === undefined ? {} : { result }),
        ...(error === undefined ? {} : { error }),
      };
      return true;
    }, 'the receipt of a dead letter');
  }

  /** Has the sweeper publish what other programs wrote, until nothing is left. */
  async sweep(): Promise<void> {
    const { sql, server } = this.stage;
    await this.until(async () => {
      await server.engine.sweep().catch(() => {});
      return (await sql`select from sync.dirty where tenant = ${this.tenant} limit 1`).length === 0;
    }, 'every mark to be published');
  }

  /** A commit is lost now: whoever waits for it must hear that its outcome is not known. */
  expectUnknown(): void {
    this.#unknown = [...this.#underWay];
  }

  /** Whether the app has its bug. */
  async bug(there: boolean): Promise<void> {
    const { sql } = this.stage;
    await (there
      ? sql`insert into app_bugs (tenant) values (${this.tenant})`
      : sql`delete from app_bugs where tenant = ${this.tenant}`);
  }

  /** What phones have heard with their last answers is everything; where none took part, somebody must look. */
  async catchUp(): Promise<void> {
    const statuses = this.#unknown.map(({ status }) => status);
    if (statuses.length > 0 && !statuses.includes(503))
      this.violations.add('I1', `a commit was lost, and who waited for it was answered ${statuses.join()}`);
    if (this.replicas.length > 0) return;
    const replica = this.#replica('ops', (scope) => scope.startsWith('region:') || scope === 'actor:ops');
    const { violations } = this;
    const reader = new Reader({
      ...{ line: this.#line(this.#ops), replica, limit: 1000, again: false },
      ...{ tally: this.#tally, violations },
    });
    await this.until(() => reader.pull(), 'operations to fetch everything');
  }
}
