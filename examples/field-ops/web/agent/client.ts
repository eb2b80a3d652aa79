import { type Client, createClient, type MutationRecord } from '@ekbaar/sdk';
import type { RowOf } from '@ekbaar/sdk/model';
import { encryptedStore } from '@ekbaar/sdk/store/encrypted';
import { idbStore } from '@ekbaar/sdk/store/idb';
import { type FieldOpsModel, model } from '../../src/model.ts';
import { optimistic } from '../../src/optimistic.ts';
import type { AgentSession } from './agent-session.ts';

export type AgentClient = Client<FieldOpsModel>;
export type AgentMutation = MutationRecord<FieldOpsModel>;
export type DeliveryRow = RowOf<FieldOpsModel, 'deliveries'>;

/**
 * Days after which the phone no longer knows what it did. Only its log says that a day was closed: with the week of the
 * default, a day closed last week looked as if it were open.
 */
export const knownDays = 35;

/** Opens an agent's own store on this phone; works without a network. Throws when the store cannot be opened. */
export async function openClient(session: AgentSession): Promise<AgentClient> {
  const { account, vault, token } = session;
  const client = await createClient({
    model,
    url: '',
    actor: { tenant: account.tenant, id: account.sub },
    token,
    store: encryptedStore(idbStore(), { key: vault.key }),
    optimistic,
    keepOutcomesMs: knownDays * 86_400_000,
  });
  const report = () => {
    const { pending: unsent, clockErrorMs, lastSyncedAt } = client.status.get();
    const clock = clockErrorMs === null ? {} : { clockErrorMs: Math.round(clockErrorMs) };
    session.report = { clientId: client.clientId, model: model.version, unsent, ...clock };
    // Should it fail, the next renewal tells it.
    if (lastSyncedAt !== null) session.introduce().catch(() => undefined);
  };
  client.status.subscribe(report);
  report();
  return client;
}
