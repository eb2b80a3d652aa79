import { type Mutation, SyncResponse } from '@ekbaar/sdk/protocol';
import type { Line } from './line.ts';
import type { Person, Promised, Promises } from './promises.ts';
import type { Tally } from './tally.ts';
import type { Violations } from './violation.ts';
import type { WatchedReplica } from './watched-replica.ts';

interface LogEntry {
  id: number;
  readonly at: string;
  readonly promised: Promised;
}

export interface PhoneParts {
  readonly person: Person;
  readonly line: Line;
  readonly replica: WatchedReplica;
  readonly promises: Promises;
  readonly violations: Violations;
  readonly tally: Tally;
  /** Ids of clients and requests. */
  readonly uuid: () => string;
}

/** Always as many as there are, up to this: a later request holds all that an earlier one may still be doing. */
const mostInRequest = 30;

/** A device that speaks the protocol and nothing else: a mutation log, a cursor, and the same again after any failure. */
export class Phone {
  readonly person: Person;
  readonly replica: WatchedReplica;
  readonly #parts: PhoneParts;
  #clientId: string;
  #last = 0;
  #pending: LogEntry[] = [];
  #more = false;

  constructor(parts: PhoneParts, clientId = parts.uuid()) {
    this.#parts = parts;
    this.person = parts.person;
    this.replica = parts.replica;
    this.#clientId = clientId;
  }

  get pending(): number {
    return this.#pending.length;
  }

  /** Puts a mutation at the end of the log. */
  add(promised: Promised, at: string): void {
    this.#pending.push({ id: ++this.#last, at, promised });
  }

  /** The same phone again, as from a backup of it: same client id, same log, a replica of its own. */
  clone(replica: WatchedReplica, line: Line): Phone {
    const clone = new Phone({ ...this.#parts, replica, line }, this.#clientId);
    clone.#last = this.#last;
    clone.#pending = this.#pending.map((entry) => ({ ...entry }));
    return clone;
  }

  /**
   * One round trip: sends what is unanswered and takes what comes.
   *
   * @param limit most changes wanted
   * @returns whether nothing is left to send or to fetch; undefined without an answer
   */
  async sync(limit: number): Promise<boolean | undefined> {
    const { line, tally, uuid, violations } = this.#parts;
    const sent = this.#pending.slice(0, mostInRequest);
    const request = uuid();
    const clientId = this.#clientId;
    const ack = (this.#pending[0]?.id ?? this.#last + 1) - 1;
    const answer = await line.send('POST', '/v1/sync', {
      ...{ protocol: 1, request, sentAt: new Date().toISOString(), model: 1, clientId, ack },
      ...{ mutations: sent.map(mutationOf), cursor: this.replica.cursor, limit },
    });
    if (answer?.status !== 200) return undefined;
    const parsed = SyncResponse.safeParse(answer.body);
    if (!parsed.success) {
      violations.add('I7', `${this.replica.name} was answered what is not of the protocol: ${parsed.error.message}`);
      return false;
    }
    const { receipts, stopped, delta } = parsed.data;
    // A proxy's cache: not an answer to this.
    if (parsed.data.request !== request) {
      tally.add('answers of another request');
      return false;
    }
    const byId = new Map(sent.map((entry) => [entry.id, entry]));
    for (const { id, key, replayed, ...outcome } of receipts) {
      const entry = byId.get(id);
      if (entry === undefined || entry.promised.key !== key) {
        violations.add('I1', `${this.replica.name} got a receipt for ${id}/${key}, which it did not send`);
        continue;
      }
      this.#parts.promises.tell(entry.promised, outcome, replayed);
      byId.delete(id);
    }
    this.#pending = this.#pending.filter(({ id }) => id > this.#last || !sent.some((e) => e.id === id) || byId.has(id));
    this.replica.take(delta, answer.strangers);
    this.#more = delta.more;
    if (stopped !== null) tally.add(`stopped: ${stopped.code}`);
    if (stopped?.code === 'gap') {
      violations.add(
        'I1',
        `the server lost what ${this.replica.name} had been told: ${JSON.stringify(stopped)}, at ${this.#last}`,
      );
    }
    if (stopped?.code === 'forked' || (stopped === null && !delta.more && delta.lastMutationId > this.#last))
      this.#fork();
    return this.#pending.length === 0 && !this.#more;
  }

  /** Another device uses this client id: this one goes on under one of its own, with the same keys. */
  #fork(): void {
    this.#parts.tally.add('forks');
    this.#clientId = this.#parts.uuid();
    this.#last = 0;
    for (const entry of this.#pending) entry.id = ++this.#last;
  }
}

function mutationOf({ id, at, promised: { key, name, args } }: LogEntry): Mutation {
  return { id, key, name, args, at, model: 1 };
}
