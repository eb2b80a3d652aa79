import * as z from 'zod/mini';
import { Replaced } from '../../settlement/run-store.ts';
import { settle } from '../../settlement/settlement-run.ts';
import { consumer } from './consumer.ts';

/** Does a settlement run from where it stands. */
export const settlement = consumer(
  z.object({ tenant: z.string(), runId: z.uuid() }),
  async ({ database, engine, clock, log }, { tenant, runId }) => {
    try {
      const run = await settle({ database, engine, clock, log }, tenant, runId);
      return { verdict: 'done', note: run?.state ?? 'there is no such run' };
    } catch (error) {
      // Another job, or somebody at a terminal, is at it now.
      if (error instanceof Replaced) return { verdict: 'done', note: error.message };
      throw error;
    }
  },
);
