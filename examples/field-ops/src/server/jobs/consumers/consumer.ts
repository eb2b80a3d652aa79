import type { Database, Engine } from '@ekbaar/server';
import type { PgBoss } from 'pg-boss';
import type * as z from 'zod/mini';
import type { Providers } from '../providers.ts';
import type { Verdict, Workshop } from '../send-once.ts';

/** What a consumer has besides its job. */
export interface Bench extends Workshop {
  readonly boss: PgBoss;
  readonly providers: Providers;
  readonly database: Database;
  /** Where jobs do mutations, as any program does. */
  readonly engine: Pick<Engine, 'mutate'>;
  /** For so many days it is kept where agents were. */
  readonly trackDays: number;
  /** For so many days it is kept who signed in, and who did what to whom. */
  readonly auditDays: number;
}

export interface Handling {
  readonly createdOn: Date;
  readonly signal: AbortSignal;
  /** The job has no try left after this one. */
  readonly lastTry: boolean;
}

/** Does one job of a queue. May be stopped at any point and called again: it must come to the same. */
export interface Consumer {
  readonly schema: z.ZodMiniType;
  run(bench: Bench, data: unknown, handling: Handling): Promise<Verdict>;
}

/** A consumer whose job data has been checked. */
export function consumer<Schema extends z.ZodMiniType>(
  schema: Schema,
  run: (bench: Bench, data: z.infer<Schema>, handling: Handling) => Promise<Verdict>,
): Consumer {
  return { schema, run: (bench, data, handling) => run(bench, data as z.infer<Schema>, handling) };
}
