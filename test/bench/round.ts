import { freePort } from '../support/free-port.ts';
import { type BenchPostgres, settle } from './bench-database.ts';
import { booksOf, faultsOf } from './books.ts';
import { type Contestant, type GunicornWorkers, type Make, secret, startContestant } from './contestants.ts';
import { cpuSeconds } from './cpu-time.ts';
import { runLoad } from './load.ts';
import type { Limit, LoadResult } from './load-order.ts';
import type { Slice } from './plan.ts';
import type { ServerProcess } from './server-process.ts';

/** One round of one contestant. */
export interface Round extends LoadResult {
  readonly perSecond: number;
  /** CPU seconds for each 1,000 confirmations. */
  readonly serverCpu: number;
  readonly postgresCpu: number;
}

export interface RoundOptions {
  readonly contestant: Contestant;
  readonly databaseUrl: string;
  readonly slice: Slice;
  readonly warmUp: Limit;
  readonly measured: Limit;
  readonly connections: number;
  readonly seed: number;
  readonly gunicorn: GunicornWorkers;
  /** Watches the measured part. */
  readonly watch?: Watch | undefined;
}

/** Something that looks at a server while it is measured. */
export interface Watch {
  /** The file for the CPU profile of the server, when it runs on Node. */
  readonly profile: string;
  begin(server: ServerProcess): Promise<void>;
  end(server: ServerProcess): Promise<void>;
}

/** Starts the server, warms it up, brings the database to rest, measures, stops the server. */
export async function runRound(database: BenchPostgres, options: RoundOptions): Promise<Round> {
  const { contestant, databaseUrl, watch } = options;
  const server = await startContestant({
    ...{ make: contestant.make, databaseUrl, port: await freePort(), gunicorn: options.gunicorn },
    profile: watch?.profile,
  });
  try {
    const cpu = async () => ({ server: await cpuSeconds(server.pid), postgres: await cpuSeconds(database.pid) });
    let before = { server: 0, postgres: 0 };
    const result = await runLoad(
      {
        ...{ kind: contestant.kind, url: server.url, secret, connections: options.connections, seed: options.seed },
        ...{ slice: options.slice, warmUp: options.warmUp, measured: options.measured },
      },
      async () => {
        // After the warming up: tables that were empty have rows by now, and plans are made for those.
        await settle(databaseUrl);
        await watch?.begin(server);
        before = await cpu();
      },
    );
    const after = await cpu();
    await watch?.end(server);
    if (result.confirmed === 0) throw new Error(`${contestant.name} confirmed nothing in the time it had`);
    const perThousand = (seconds: number) => (seconds * 1000) / result.confirmed;
    return {
      ...result,
      perSecond: result.confirmed / result.seconds,
      serverCpu: perThousand(after.server - before.server),
      postgresCpu: perThousand(after.postgres - before.postgres),
    };
  } catch (error) {
    throw new Error(`${contestant.name}: ${String(error)}\n${server.output()}`, { cause: error });
  } finally {
    await server.stop();
  }
}

/**
 * @param confirmed confirmations that were answered `applied` so far
 * @param alsoRejected receipts of rejections may stand beside those
 * @throws Error when the database does not hold exactly what its clients were told
 */
export async function checkBooks(
  make: Make,
  url: string,
  confirmed: number,
  { alsoRejected = false }: { alsoRejected?: boolean } = {},
): Promise<void> {
  const books = await booksOf(make, url);
  const { rejected: _, ...receipts } = books.receipts;
  const faults = faultsOf(alsoRejected ? { ...books, receipts } : books, confirmed);
  if (faults.length > 0) throw new Error(`${make}: the books are wrong: ${faults.join('; ')}`);
}
