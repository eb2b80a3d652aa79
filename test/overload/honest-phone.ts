import { setTimeout as sleep } from 'node:timers/promises';
import { type Mutation, SyncResponse } from '@ekbaar/sdk/protocol';
import { type DeliveryRow, confirm } from '../protocol/delivery.ts';
import { mutation } from '../protocol/device.ts';
import { httpClient } from '../support/http-client.ts';

/** A phone that confirms one delivery after the other and sends each until it has its receipt. */
export interface HonestPhone {
  /** Confirmations with a receipt. */
  readonly applied: number;
  /** What it was told in place of an answer, by status; `line` when the line broke. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Refusals for want of room that did not say when to come again. */
  readonly rude: number;
  /** The longest that it waited for one receipt, refusals included. Milliseconds. */
  readonly longestMs: number;
  /** Settles when nothing is left to confirm, or it was told to stop, and what it sent has its receipt. */
  readonly done: Promise<void>;
  /** Begins nothing new. */
  stop(): void;
}

/**
 * @param due the deliveries to confirm
 * @param pauseMs between two confirmations
 */
export function honestPhone(
  url: string,
  token: string,
  due: readonly Pick<DeliveryRow, 'id' | 'amountPaise'>[],
  { pauseMs }: { pauseMs: number },
): HonestPhone {
  const http = httpClient(url);
  const clientId: string = crypto.randomUUID();
  const refusals: Record<string, number> = {};
  const state = { applied: 0, rude: 0, longestMs: 0, stopped: false, cursor: null as string | null };

  const send = async (entry: Mutation): Promise<boolean> => {
    const request = crypto.randomUUID();
    const answer = await http
      .post('/v1/sync', token, {
        ...{ protocol: 1, request, sentAt: new Date().toISOString(), model: 1, clientId },
        ...{ mutations: [entry], ack: entry.id - 1, cursor: state.cursor },
      })
      .catch(() => undefined);
    if (answer?.status !== 200) {
      const what = String(answer?.status ?? 'line');
      refusals[what] = (refusals[what] ?? 0) + 1;
      if ((answer?.status === 503 || answer?.status === 429) && answer.headers.get('retry-after') === null)
        state.rude++;
      if (answer?.status === 400) throw new Error(`not understood: ${answer.text.slice(0, 500)}`);
      return false;
    }
    const { receipts, delta } = SyncResponse.parse(answer.body);
    state.cursor = delta.cursor;
    if (receipts[0]?.status !== 'applied') throw new Error(`not applied: ${answer.text.slice(0, 500)}`);
    state.applied++;
    return true;
  };

  const run = async () => {
    for (const [at, delivery] of due.entries()) {
      if (state.stopped) return;
      const entry = mutation(at + 1, confirm(delivery));
      const began = performance.now();
      while (!(await send(entry))) await sleep(200);
      state.longestMs = Math.max(state.longestMs, performance.now() - began);
      await sleep(pauseMs);
    }
  };
  return {
    get applied() {
      return state.applied;
    },
    get rude() {
      return state.rude;
    },
    get longestMs() {
      return state.longestMs;
    },
    refusals,
    done: run(),
    stop: () => void (state.stopped = true),
  };
}

/** The deliveries that an agent may confirm, as the server lists them. */
export async function dueOf(url: string, token: string): Promise<{ id: string; amountPaise: number }[]> {
  const { body } = await httpClient(url).get('/v1/collections/deliveries?status=pending&limit=500', token);
  return (body as { rows: { id: string; amountPaise: number }[] }).rows;
}
