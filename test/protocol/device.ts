import type { Mutation, Receipt, SyncRequest, SyncResponse } from '@ekbaar/sdk/protocol';
import type { FieldOps } from '../support/field-ops.ts';

/** What a test says of a mutation; the rest is made up. */
export type Draft = Pick<Mutation, 'name'> & Partial<Mutation>;

export function mutation(id: number, draft: Draft): Mutation {
  return { id, key: crypto.randomUUID(), args: {}, at: new Date().toISOString(), model: 1, ...draft };
}

/** A client as small as can be: it counts its mutations and remembers nothing else. */
export interface Device {
  readonly clientId: string;
  readonly token: string;
  /** The next mutations of its log. */
  next(...drafts: Draft[]): Mutation[];
  sync(request?: Partial<SyncRequest>): Promise<SyncResponse>;
  /** Sends one mutation, the next of its log, and gives its receipt. */
  mutate(draft: Draft): Promise<Receipt>;
}

export function device(ekbaar: Pick<FieldOps, 'sync'>, token: string, clientId: string = crypto.randomUUID()): Device {
  let last = 0;
  const next = (...drafts: Draft[]) => drafts.map((draft) => mutation(++last, draft));
  const sync = (request: Partial<SyncRequest> = {}) => ekbaar.sync(token, { clientId, ...request });
  return {
    clientId,
    token,
    next,
    sync,
    async mutate(draft) {
      const { receipts, stopped } = await sync({ mutations: next(draft) });
      const [receipt] = receipts;
      if (receipt === undefined) throw new Error(`"${draft.name}" has no receipt: ${JSON.stringify(stopped)}`);
      return receipt;
    },
  };
}
