import { createServer, type Database, jwtAuth, openDatabase, type Server } from '@ekbaar/server';
import postgres, { type Sql } from 'postgres';
import config from '../../examples/field-ops/ekbaar.config.ts';
import { bearerTokens, type TokenOf } from '../support/bearer-tokens.ts';
import { appBug } from './app-bug.ts';
import { FaultyLine } from './faulty-line.ts';

/** The sweeper looks when it is told to, and at no other time. */
const neverMs = 2 ** 31 - 1;

/** Gives another database in place of the one that the server would have: the place for planted bugs. */
export type Plant = (database: Database, url: string) => Database;

export interface StageOptions {
  readonly plant?: Plant;
  /** False: a session of PostgreSQL that lost its client is really lost. */
  readonly keepsSessions?: boolean;
}

/** The real server of the field operation, with all of its statements going over a line on which they can fail. */
export class Stage {
  readonly line: FaultyLine;
  readonly url: string;
  readonly token: TokenOf;
  /** Past the line. */
  readonly sql: Sql;
  readonly server: Server;
  /** Requests that the server has let in. */
  arrived = 0;

  private constructor(parts: { line: FaultyLine; url: string; token: TokenOf; sql: Sql; server: Server }) {
    this.line = parts.line;
    this.url = parts.url;
    this.token = parts.token;
    this.sql = parts.sql;
    this.server = parts.server;
  }

  static async start(
    url: string,
    { plant = (database) => database, keepsSessions = true }: StageOptions = {},
  ): Promise<Stage> {
    const sql = postgres(url, { max: 2, onnotice: () => {} });
    const line = await FaultyLine.start(url, sql, keepsSessions);
    const database = plant(await openDatabase({ url: line.url }), line.url);
    let started = false;
    const secret = crypto.randomUUID();
    const authenticate = jwtAuth({ secret });
    const server = createServer({
      ...config,
      // Other nodes, of which there are none, are told of pokes by a timer: the only statements that nobody asked for.
      database: Object.create(database, { shared: { get: () => started } }) as Database,
      auth: async (request) => {
        const who = await authenticate(request);
        stage.arrived++;
        return who;
      },
      admin: ({ role }) => role === 'ops',
      haltPolicy: { tries: 3, minutes: 0 },
      sweepEveryMs: neverMs,
      platform: { log: { info: () => {}, error: () => {} } },
    });
    const { url: serverUrl } = await server.listen({ port: 0, host: '127.0.0.1' });
    started = true;
    for (const statement of appBug) await sql.unsafe(statement);
    const stage = new Stage({ line, url: serverUrl, token: bearerTokens(secret), sql, server });
    return stage;
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.line.close();
    await this.sql.end({ timeout: 5 });
  }
}
