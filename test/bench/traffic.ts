import { SyncResponse } from '@ekbaar/sdk/protocol';
import type { TokenOf } from '../support/bearer-tokens.ts';
import type { TrafficKind } from './load-order.ts';
import { batchSize, deliveriesPerAgent, deliveryAt, type PlannedDelivery, type Slice } from './plan.ts';

/** Sends JSON and gives the answer's; throws unless it is 200. */
export type Post = (path: string, token: string, body: unknown, headers?: Record<string, string>) => Promise<unknown>;

/** A sequence of requests that come one after the other. */
export interface Sender {
  /** What a phone has done before the day begins; not measured. */
  prepare?(post: Post): Promise<void>;
  readonly requests: number;
  /** Confirmations in each request. */
  readonly size: number;
  /** @returns how many confirmations were applied: all of the request's, or it throws */
  send(post: Post, at: number): Promise<number>;
}

/** Everybody who confirms the deliveries of a slice. */
export async function senders(kind: TrafficKind, slice: Slice, token: TokenOf): Promise<Sender[]> {
  const agents = Array.from({ length: slice.count / deliveriesPerAgent }, (_, at) =>
    deliveriesFrom(slice.from + at * deliveriesPerAgent),
  );
  const made = agents.map(async (deliveries) => {
    const bearer = await token(deliveries[0]?.agentId ?? '', 'agent');
    switch (kind) {
      case 'single':
        return deliveries.map((delivery) => single(bearer, delivery));
      case 'batch':
        return [batches(bearer, deliveries)];
      case 'sync-new':
      case 'sync-known':
        return [phone(bearer, deliveries, kind === 'sync-known')];
    }
  });
  return (await Promise.all(made)).flat();
}

function deliveriesFrom(first: number): PlannedDelivery[] {
  return Array.from({ length: deliveriesPerAgent }, (_, at) => deliveryAt(first + at));
}

function batchOf(deliveries: readonly PlannedDelivery[], at: number): PlannedDelivery[] {
  return deliveries.slice(at * batchSize, (at + 1) * batchSize);
}

/** `POST /api/v1/deliveries/{id}/confirm`, which all contestants have. */
function single(token: string, { id, amountPaise }: PlannedDelivery): Sender {
  return {
    requests: 1,
    size: 1,
    async send(post) {
      const body = { amountPaise, confirmedAt: new Date().toISOString() };
      const receipt = await post(`/api/v1/deliveries/${id}/confirm`, token, body, {
        'idempotency-key': crypto.randomUUID(),
      });
      return applied([receipt], 1);
    },
  };
}

/** `POST /api/v1/deliveries/confirm`, the batch of those that are not Ekbaar. */
function batches(token: string, deliveries: readonly PlannedDelivery[]): Sender {
  return {
    requests: deliveries.length / batchSize,
    size: batchSize,
    async send(post, at) {
      const confirmations = batchOf(deliveries, at).map(({ id, amountPaise }) => ({
        ...{ key: crypto.randomUUID(), deliveryId: id, amountPaise, confirmedAt: new Date().toISOString() },
      }));
      const answer = await post('/api/v1/deliveries/confirm', token, { confirmations });
      return applied((answer as { receipts: unknown[] }).receipts, confirmations.length);
    },
  };
}

/** A phone with a log and a cursor of its own. It checks each delta for its own rows, as a test must. */
function phone(token: string, deliveries: readonly PlannedDelivery[], knowsItsDay: boolean): Sender {
  const clientId = crypto.randomUUID();
  let last = 0;
  let cursor: string | null = null;
  const sync = async (post: Post, mutations: readonly { id: number }[]) => {
    const request = crypto.randomUUID();
    const answer = (await post('/v1/sync', token, {
      ...{ protocol: 1, request, sentAt: new Date().toISOString(), model: 1, clientId, mutations, ack: last, cursor },
    })) as SyncResponse;
    if (answer.request !== request || answer.stopped !== null || answer.delta.more)
      throw new Error(`not the answer that was expected: ${JSON.stringify(answer).slice(0, 500)}`);
    const isFirst = cursor === null;
    cursor = answer.delta.cursor;
    const rows = answer.delta.changes.filter(({ collection, row }) => collection === 'deliveries' && row !== null);
    return { receipts: answer.receipts, rows, isFirst, lastMutationId: answer.delta.lastMutationId };
  };
  return {
    requests: deliveries.length / batchSize,
    size: batchSize,
    ...(knowsItsDay
      ? {
          async prepare(post) {
            const { rows } = await sync(post, []);
            if (rows.length !== deliveries.length) throw new Error(`the first pull brought ${rows.length} deliveries`);
          },
        }
      : {}),
    async send(post, at) {
      const mutations = batchOf(deliveries, at).map(({ id: deliveryId, amountPaise }) => ({
        ...{ id: ++last, key: crypto.randomUUID(), name: 'confirmDelivery', model: 1, at: new Date().toISOString() },
        args: { deliveryId, amountPaise, confirmedAt: new Date().toISOString() },
      }));
      // `ack` is of what was answered before.
      const sent = last;
      last -= mutations.length;
      const answer = await sync(post, mutations);
      last = sent;
      const expected = answer.isFirst ? deliveries.length : mutations.length;
      if (answer.rows.length !== expected || answer.lastMutationId !== last)
        throw new Error(`the delta has ${answer.rows.length} deliveries instead of ${expected}`);
      return applied(answer.receipts, mutations.length);
    },
  };
}

function applied(receipts: readonly unknown[], expected: number): number {
  const count = receipts.filter((receipt) => (receipt as { status?: string }).status === 'applied').length;
  if (count !== expected) throw new Error(`${count} of ${expected} applied: ${JSON.stringify(receipts).slice(0, 500)}`);
  return count;
}
