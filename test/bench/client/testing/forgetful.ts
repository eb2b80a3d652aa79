import { offer } from '../bench-page.ts';
import type { Delivery, Question } from '../delivery.ts';

// Says that everything is durable, and keeps it in memory: the bench has to notice.
offer(async () => {
  const rows = new Map<string, Delivery>();
  const watchers = new Set<() => void>();
  const changed = () => {
    for (const watcher of watchers) watcher();
  };
  return {
    receive: (received) => async () => {
      for (const row of received) rows.set(row.id, row);
      changed();
    },
    async mutate({ id, status }) {
      const row = rows.get(id);
      if (row) rows.set(id, { ...row, status });
      changed();
    },
    live({ field, value }: Question, listener) {
      const tell = () => listener([...rows.values()].filter((row) => row[field] === value));
      watchers.add(tell);
      tell();
      return () => watchers.delete(tell);
    },
  };
});
