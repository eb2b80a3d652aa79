import { type Mutation, type Outcome, SyncResponse } from '@ekbaar/sdk/protocol';
import { type Draft, mutation } from '../protocol/device.ts';
import { Replica } from '../protocol/replica.ts';
import { httpClient } from '../support/http-client.ts';

interface KeptEntry {
  readonly mutation: Mutation;
  /** Kept after the answer, for a server that loses it. */
  outcome: Outcome | undefined;
  /** To be sent again, with the former outcome. */
  again: boolean;
}

/** A device that keeps what it did with the outcomes, as the protocol wants for a restored server. */
export class KeepingPhone {
  readonly replica = new Replica();
  readonly #url: string;
  readonly #token: string;
  readonly #clientId = crypto.randomUUID();
  readonly #log: KeptEntry[] = [];
  #diverged: string[] = [];

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  get outcomes(): readonly (Outcome & { key: string })[] {
    return this.#log.flatMap(({ mutation: { key }, outcome }) => (outcome === undefined ? [] : [{ key, ...outcome }]));
  }

  do(draft: Draft): string {
    const made = mutation(this.#log.length + 1, draft);
    this.#log.push({ mutation: made, outcome: undefined, again: false });
    return made.key;
  }

  /** Syncs until everything is answered and the replica is complete; fails when it goes on for ever. */
  async settle(): Promise<void> {
    for (let tries = 0; tries < 200; tries++) if (await this.#sync()) return;
    throw new Error('the phone and the server do not come to an end');
  }

  async #sync(): Promise<boolean> {
    const first = this.#log.findIndex(({ outcome, again }) => outcome === undefined || again);
    const waiting = first === -1 ? [] : this.#log.slice(first);
    const answer = await httpClient(this.#url)
      .post('/v1/sync', this.#token, {
        ...{
          protocol: 1,
          request: crypto.randomUUID(),
          sentAt: new Date().toISOString(),
          model: 1,
          clientId: this.#clientId,
        },
        ack: first === -1 ? this.#log.length : first,
        mutations: waiting.map(({ mutation: made, outcome }) => (outcome ? { ...made, receipt: outcome } : made)),
        ...{ cursor: this.replica.cursor, limit: 50, diverged: this.#diverged },
      })
      .catch(() => undefined);
    if (answer?.status !== 200) return false;
    const { receipts, stopped, delta } = SyncResponse.parse(answer.body);
    for (const { id, key, replayed: _replayed, ...outcome } of receipts) {
      const entry = this.#log[id - 1];
      if (entry?.mutation.key !== key) throw new Error(`a receipt for ${id}/${key}, which was not sent`);
      entry.outcome = outcome;
      entry.again = false;
    }
    if (stopped?.code === 'gap') {
      for (const entry of this.#log.slice((stopped.expected ?? 1) - 1)) entry.again = true;
    } else if (stopped !== null) throw new Error(`stopped: ${JSON.stringify(stopped)}`);
    this.#diverged = [];
    try {
      this.replica.apply(delta);
    } catch {
      // Counts or checksums are of another history: each scope is named, and comes whole.
      this.#diverged = Object.keys(delta.scopes);
    }
    const open = this.#log.some(({ outcome, again }) => outcome === undefined || again);
    return !open && stopped === null && !delta.more && this.#diverged.length === 0;
  }
}
