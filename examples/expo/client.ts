import { model, type FieldOpsModel } from '@ekbaar/field-ops/model';
import { type Client, createClient } from '@ekbaar/sdk';
import { sqliteStore } from '@ekbaar/sdk/store/sqlite';
import { expoSqlite } from '@ekbaar/sdk/store/sqlite/expo';
import * as SQLite from 'expo-sqlite';
import { fetch } from 'expo/fetch';
import { platform } from './platform.ts';
import type { Session } from './session.ts';
import { storeKey } from './store-key.ts';

const url = 'https://sync.example.org';

let opened: { readonly session: Session; readonly client: Promise<Client<FieldOpsModel>> } | undefined;

/** The one client of this process: the screens and the background task share it. */
export function openClient(session: Session): Promise<Client<FieldOpsModel>> {
  if (opened?.session.agent === session.agent && opened.session.tenant === session.tenant) return opened.client;
  const client = open(session);
  opened = { session, client };
  // The next one who asks tries again.
  client.catch(() => (opened = undefined));
  return client;
}

export async function closeClient(): Promise<void> {
  const client = opened?.client;
  opened = undefined;
  await (await client)?.close();
}

async function open(session: Session): Promise<Client<FieldOpsModel>> {
  return createClient({
    model,
    url,
    actor: { tenant: session.tenant, id: session.agent },
    token: () => fetchToken(session),
    store: sqliteStore({ open: expoSqlite(SQLite, { key: await storeKey() }) }),
    platform,
    optimistic: {
      confirmDelivery: (replica, { deliveryId }, { at }) =>
        replica.update('deliveries', deliveryId, { status: 'confirmed', confirmedAt: at }),
    },
  });
}

/** Stands for the app's own sign-in. Throwing means "none now": sending pauses, nothing is lost. */
async function fetchToken({ tenant, agent }: Session): Promise<string> {
  const answer = await fetch(`${url}/session/token`, { method: 'POST', body: JSON.stringify({ tenant, agent }) });
  if (!answer.ok) throw new Error(`No token: status ${answer.status}`);
  return answer.text();
}
