import { expect } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { freshDatabase } from '../support/postgres.ts';

export interface Row {
  readonly id: string;
  readonly regionId: string;
  readonly agentId: string;
  readonly agentName: string;
  readonly customerName: string;
  readonly amountPaise: number;
  readonly status: string;
  readonly kind: string;
}
export interface Page {
  readonly rows: Row[];
  readonly next: string | null;
  readonly totals: Record<string, { count: number; amountPaise: number }> | null;
}

export const idsOf = ({ rows }: Page) => rows.map(({ id }) => id);

/** What the console looks things up in: a demo day on PostgreSQL, whose clock is the test's. */
export interface Records {
  readonly ekbaar: FieldOps;
  readonly clock: { now: Date };
  /** Of an agent and of operations: `region`'s are of one region, `vishi`'s of another operator. */
  readonly tokens: Readonly<Record<'ops' | 'region' | 'vishi' | 'agent', string>>;
  /** That of agent a01. */
  readonly region: string;
  /** By operations with all regions, unless told otherwise. */
  get<T>(path: string, token?: string): Promise<T>;
  /** All deliveries. */
  all(token?: string): Promise<Page>;
  /** Has its agent confirm a delivery. */
  confirm(id: string, more?: Record<string, unknown>, key?: string): ReturnType<FieldOps['post']>;
  close(): Promise<void>;
}

export async function startRecords(): Promise<Records> {
  const database = await freshDatabase();
  // 10:30 in India, on the demo day, a Sunday.
  const clock = { now: new Date('2026-11-22T05:00:00Z') };
  const ekbaar = await startFieldOps({
    ...{ url: database.url, demo: { agents: 6, deliveries: 90 }, clock: () => clock.now },
  });
  const ops = await ekbaar.token('ops', 'ops');
  async function get<T>(path: string, token = ops): Promise<T> {
    const answer = await ekbaar.get(`/api/v1/records${path}`, token);
    expect([answer.status, answer.text.slice(0, 300)]).toEqual([200, expect.any(String)]);
    return answer.body as T;
  }
  const all = (token?: string) => get<Page>('/deliveries?limit=500', token);
  const { agents } = await get<{ agents: { id: string; regionId: string }[] }>('/agents');
  const region = agents.find(({ id }) => id === 'a01')?.regionId ?? '';
  const tokens = {
    ops,
    region: await ekbaar.token('ops-region', 'ops', 'pennco', { regions: [region] }),
    vishi: await ekbaar.token('ops', 'ops', 'vishi'),
    agent: await ekbaar.token('a01', 'agent'),
  };
  return {
    ...{ ekbaar, clock, tokens, region, get, all },
    async confirm(id, more = {}, key = crypto.randomUUID()) {
      const row = (await all()).rows.find((delivery) => delivery.id === id);
      const token = await ekbaar.token(row?.agentId ?? '', 'agent');
      const body = { amountPaise: row?.amountPaise, confirmedAt: clock.now.toISOString(), ...more };
      return ekbaar.post(`/api/v1/deliveries/${id}/confirm`, token, body, { 'idempotency-key': key });
    },
    async close() {
      await ekbaar.close();
      await database.drop();
    },
  };
}
