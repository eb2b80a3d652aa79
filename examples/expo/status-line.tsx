import type { FieldOpsModel } from '@ekbaar/field-ops/model';
import type { Client } from '@ekbaar/sdk';
import { useSyncExternalStore } from 'react';
import { Text } from 'react-native';

/** Always in sight: what is not sent yet, and how fresh the list is. */
export function StatusLine({ client }: { client: Client<FieldOpsModel> }) {
  const status = useSyncExternalStore(client.status.subscribe, client.status.get);
  const unsent = status.pending === 0 ? 'Everything is sent' : `${status.pending} not sent yet`;
  const line = status.online ? (status.lastError?.message ?? 'online') : 'no network';
  const refused = status.needsAttention === 0 ? '' : ` · ${status.needsAttention} need attention`;
  return <Text accessibilityLiveRegion="polite">{`${unsent} · ${line}${refused}`}</Text>;
}
