import postgres from 'postgres';
import { databaseAddress } from './tls.ts';

const rounds = 8;

/**
 * Whether a url leads to a pooler that hands out server connections by the transaction: then one client comes by several
 * of them, or two clients by the same.
 */
export async function isPooled(address: string): Promise<boolean> {
  const { url, tls } = databaseAddress(address);
  const clients = [0, 1].map(() =>
    postgres(url, { ...tls, max: 1, prepare: false, fetch_types: false, connect_timeout: 10, onnotice: () => {} }),
  );
  try {
    const seen = clients.map(() => new Set<number>());
    for (let round = 0; round < rounds; round++) {
      for (const [at, client] of clients.entries()) {
        const [row] = await client<{ pid: number }[]>`select pg_backend_pid() as pid`;
        if (row !== undefined) seen[at]?.add(row.pid);
      }
    }
    const [one, two] = seen;
    if (one === undefined || two === undefined) return false;
    return one.size > 1 || two.size > 1 || [...one].some((pid) => two.has(pid));
  } finally {
    await Promise.all(clients.map((client) => client.end({ timeout: 5 })));
  }
}
