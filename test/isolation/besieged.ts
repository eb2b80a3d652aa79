import { fieldOpsServer } from '@ekbaar/field-ops/server';
import { openDatabase, type Database, type Server } from '@ekbaar/server';
import { httpClient, type HttpClient } from '../support/http-client.ts';
import { type Rewrite, rewritingDatabase } from './rewriting-database.ts';

export type ServerOverrides = NonNullable<Parameters<typeof fieldOpsServer>[2]>;

/** How a server differs from the one that people get. */
export interface Variant {
  readonly overrides?: ServerOverrides;
  /** Changes the text of the engine's statements. */
  readonly rewrite?: Rewrite;
  /** Changes the server before it starts. */
  readonly alter?: (server: Server, log: (facts: Record<string, unknown>) => void) => void;
}

/** The real server on 127.0.0.1, with everything it logs. */
export interface Besieged extends HttpClient {
  readonly url: string;
  readonly server: Server;
  /** Takes what was logged since it was last asked. */
  takeLogs(): Record<string, unknown>[];
  close(): Promise<void>;
}

/** Nobody is sent away for asking too often: that is another test's matter. */
const unlimited = { rate: () => ({ perSecond: 1e6, burst: 1e6 }), actorAtOnce: 1000 };

export async function startBesieged(url: string, secret: string, variant: Variant = {}): Promise<Besieged> {
  let logged: Record<string, unknown>[] = [];
  const note = (facts: Record<string, unknown>, message?: string) => void logged.push({ message, ...facts });
  const opened = await openDatabase({ url });
  const database: Database = variant.rewrite === undefined ? opened : rewritingDatabase(opened, variant.rewrite);
  const server = fieldOpsServer(
    database,
    { secret },
    {
      ...{
        platform: { log: { info: note, warn: note, error: note } },
        limits: unlimited,
        observe: { accessLog: true },
      },
      ...variant.overrides,
    },
  );
  variant.alter?.(server, note);
  const { url: base } = await server.listen({ port: 0, host: '127.0.0.1' });
  return {
    ...httpClient(base),
    url: base,
    server,
    takeLogs() {
      const taken = logged;
      logged = [];
      return taken;
    },
    close: () => server.close(),
  };
}
