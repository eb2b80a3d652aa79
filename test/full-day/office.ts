import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../chaos/chance.ts';
import type { TokenOf } from '../support/bearer-tokens.ts';
import { httpClient } from '../support/http-client.ts';

/** What an office asked for, and what it was answered in the end. */
export interface OfficeNote {
  readonly tenant: string;
  readonly key: string;
  readonly name: 'assignDelivery' | 'cancelDelivery';
  readonly deliveryId: string;
  readonly agentId: string | undefined;
  readonly status: string;
  readonly code: string | undefined;
}

export interface OfficeOptions {
  readonly url: string;
  readonly tenant: string;
  readonly tokenOf: TokenOf;
  readonly chance: Chance;
  readonly deliveries: readonly string[];
  readonly agents: readonly string[];
  /** How often it does something in the day. */
  readonly actions: number;
}

const patienceMs = 20_000;

/** Ops of one operator, who assign and cancel over the API all day: the same key until there is an answer. */
export class Office {
  readonly notes: OfficeNote[] = [];
  /** Requests that had to be sent again. */
  repeats = 0;
  readonly #options: OfficeOptions;

  constructor(options: OfficeOptions) {
    this.#options = options;
  }

  /** @param until the end of the day, in milliseconds since 1970 */
  async work(until: number): Promise<void> {
    const { chance, deliveries, agents, actions } = this.#options;
    const everyMs = (until - Date.now()) / (actions + 1);
    while (Date.now() < until) {
      await sleep(Math.min(everyMs * (0.5 + chance.random()), Math.max(1, until - Date.now())));
      const deliveryId = chance.pick(deliveries);
      const agentId = chance.is(0.6) ? chance.pick(agents) : undefined;
      if (deliveryId !== undefined) await this.#ask(chance.uuid(), deliveryId, agentId);
    }
  }

  async #ask(key: string, deliveryId: string, agentId: string | undefined): Promise<void> {
    const { url, tenant, tokenOf } = this.#options;
    const name = agentId === undefined ? 'cancelDelivery' : 'assignDelivery';
    const args = agentId === undefined ? { deliveryId, reason: 'the customer has moved' } : { deliveryId, agentId };
    for (;;) {
      const token = await tokenOf('ops', 'ops', tenant);
      const answer = await Promise.race([
        httpClient(url)
          .post(`/v1/mutations/${name}`, token, args, { 'idempotency-key': key })
          .catch(() => undefined),
        sleep(patienceMs, undefined, { ref: false }),
      ]);
      if (answer !== undefined && [200, 422].includes(answer.status)) {
        const { status, error } = answer.body as { status: string; error?: { code: string } };
        this.notes.push({ tenant, key, name, deliveryId, agentId, status, code: error?.code });
        return;
      }
      this.repeats++;
      await sleep(300);
    }
  }
}
