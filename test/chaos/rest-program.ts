import type { Outcome } from '@ekbaar/sdk/protocol';
import { canaryOf } from './canary.ts';
import type { Chance } from './chance.ts';
import type { Line } from './line.ts';
import type { Person, Promised, Promises } from './promises.ts';
import type { WatchedReplica } from './watched-replica.ts';

/** What a REST answer with an outcome holds. */
type RestReceipt = Outcome & { key?: string };

/** A program without the SDK, of ops or of settlement: one mutation at a time, the same key until it is answered. */
export class RestProgram {
  readonly person: Person;
  readonly replica: WatchedReplica;
  readonly #line: Line;
  readonly #promises: Promises;
  #current: Promised | undefined;

  constructor(person: Person, line: Line, replica: WatchedReplica, promises: Promises) {
    this.person = person;
    this.#line = line;
    this.replica = replica;
    this.#promises = promises;
  }

  get pending(): number {
    return this.#current === undefined ? 0 : 1;
  }

  /** Decides what to do next, from what it sees. */
  act(chance: Chance): void {
    if (this.#current !== undefined) return;
    const next = this.person.role === 'ops' ? this.#oversee(chance) : this.#settle(chance);
    if (next !== undefined) this.#current = this.#promises.make(this.person, next.name, next.args, chance.uuid());
  }

  /** One try. @returns whether nothing is left to send */
  async send(): Promise<boolean> {
    const promised = this.#current;
    if (promised === undefined) return true;
    const answer = await this.#line.send('POST', `/v1/mutations/${promised.name}`, promised.args, {
      'idempotency-key': promised.key,
    });
    if (answer === undefined || ![200, 202, 422].includes(answer.status)) return false;
    const { key, ...outcome } = answer.body as RestReceipt;
    // A proxy's cache: not an answer to this.
    if (key !== promised.key || outcome.status === undefined) return false;
    for (const stranger of answer.strangers) this.#promises.shown(promised, stranger);
    this.#promises.tell(promised, outcome, answer.headers['idempotency-replayed'] === 'true');
    this.#current = undefined;
    return true;
  }

  #rows(collection: string) {
    return [...this.replica.rows].filter(([path]) => path.startsWith(`${collection}/`)).map(([, row]) => row);
  }

  #oversee(chance: Chance): { name: string; args: Record<string, unknown> } | undefined {
    // The foreign writers move those that they have made; see foreign-writer.ts.
    const deliveries = this.#rows('deliveries').filter(({ id }) => String(id).startsWith('d'));
    const pending = deliveries.filter(({ status }) => status === 'pending');
    const deliveryId = (chance.is(0.9) ? chance.pick(pending) : chance.pick(deliveries))?.['id'];
    const agentId = chance.pick(this.#rows('agents'))?.['id'];
    if (deliveryId === undefined || agentId === undefined) return undefined;
    if (chance.is(0.85)) return { name: 'assignDelivery', args: { deliveryId, agentId } };
    return { name: 'cancelDelivery', args: { deliveryId, reason: `${canaryOf(this.person.tenant)} taken off` } };
  }

  #settle(chance: Chance): { name: string; args: Record<string, unknown> } | undefined {
    const all = this.#rows('disbursements');
    const paid = all.filter(({ status }) => status === 'disbursed' || status === 'mismatch');
    const found = chance.is(0.9) ? (chance.pick(paid) ?? chance.pick(all)) : chance.pick(all);
    if (found === undefined) return undefined;
    const amountPaise = Number(found['amountPaise']) + (chance.is(0.2) ? 100 : 0);
    const bankRef = `${canaryOf(this.person.tenant)} ${chance.below(1e9)}`;
    return { name: 'reconcileDisbursement', args: { disbursementId: found['id'], bankRef, amountPaise } };
  }
}
