import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import type { AgentClient, AgentMutation, DeliveryRow } from './client.ts';
import { type DeliveryEntry, deliveryEntries } from './delivery-state.ts';
import { isNoNews } from './refusal.ts';

/** Everything that the screens show: the deliveries, what this phone did to them, and what became of it. */
export interface Work {
  readonly entries: readonly DeliveryEntry[];
  readonly rows: ReadonlyMap<string, DeliveryRow>;
  readonly log: readonly AgentMutation[];
  /** Refused by the server, and not dealt with. */
  readonly refusals: readonly AgentMutation[];
  /** Nothing was read yet. */
  readonly loading: boolean;
  /** Set where this phone's storage could not be read: without the log, what is not sent yet would look as if it were done. */
  readonly unread: { readonly message: string; again(): void } | null;
}

export function useWork(client: AgentClient): Work {
  const deliveries = useQuery(client.query('deliveries'));
  const log = useQuery(client.mutations());
  const rejections = useQuery(client.rejections.query());
  const deadLetters = useQuery(client.deadLetters.query());
  const refusals = useMemo(
    () =>
      [...(rejections.data ?? []), ...(deadLetters.data ?? [])]
        .filter((record) => !isNoNews(record))
        .sort((a, b) => (a.at < b.at ? -1 : 1)),
    [rejections.data, deadLetters.data],
  );
  useEffect(() => {
    // One that waits to be seen would keep whoever signs out from leaving the phone empty.
    for (const { key } of (rejections.data ?? []).filter(isNoNews)) {
      client.rejections.dismiss(key).catch(() => undefined);
    }
  }, [client, rejections.data]);
  const entries = useMemo(
    () => deliveryEntries(deliveries.data ?? [], log.data ?? [], refusals),
    [deliveries.data, log.data, refusals],
  );
  const rows = useMemo(() => new Map(entries.map((entry) => [entry.row.id, entry.row])), [entries]);
  const unread = [deliveries, log, rejections, deadLetters].filter((query) => query.isLoadingError);
  return {
    ...{ entries, rows, refusals, log: log.data ?? [], loading: deliveries.data === undefined },
    unread: unread[0]
      ? {
          message: unread[0].error?.message ?? '',
          again: () => unread.forEach((query) => void query.refetch()),
        }
      : null,
  };
}
