import { type Client, createClient, type MutationRecord } from '@ekbaar/sdk';
import type { RowOf } from '@ekbaar/sdk/model';
import { idbStore } from '@ekbaar/sdk/store/idb';
import { type FieldOpsModel, model } from '../../src/model.ts';
import { optimistic } from '../../src/optimistic.ts';
import { type DemoAccount, fetchToken } from '../shared/demo-account.ts';

export type AgentClient = Client<FieldOpsModel>;
export type AgentMutation = MutationRecord<FieldOpsModel>;
export type DeliveryRow = RowOf<FieldOpsModel, 'deliveries'>;

/** Opens an agent's own store on this phone; works without a network. Throws when the store cannot be opened. */
export function openClient(account: DemoAccount): Promise<AgentClient> {
  return createClient({
    model,
    url: '',
    actor: { tenant: account.tenant, id: account.sub },
    token: () => fetchToken(account),
    store: idbStore(),
    optimistic,
  });
}
