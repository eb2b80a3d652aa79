/** What the routes below `/api/v1/day-close` answer: read by the server that says it and by the console that shows it. */
import * as z from 'zod/mini';

/**
 * - `fits`: closed, and what was counted is what the ledger has now
 * - `differs`: closed, and it is not
 * - `open`: has moved money or has deliveries of that day, and has not closed
 * - `idle`: neither
 */
export const dayStates = ['fits', 'differs', 'open', 'idle'] as const;
export type DayState = (typeof dayStates)[number];

const money = z.int();
const maybe = z.nullable(z.int());
const AgentClose = z.object({
  ...{ agentId: z.string(), name: z.string(), regionId: z.string(), state: z.enum(dayStates) },
  ...{ closedAt: z.nullable(z.string()), countedCollectedPaise: maybe, countedDisbursedPaise: maybe },
  ...{ countedCount: maybe, ledgerCollectedPaise: money, ledgerDisbursedPaise: money, ledgerCount: z.int() },
  ...{ collectedDifferencePaise: maybe, disbursedDifferencePaise: maybe, countDifference: maybe, late: maybe },
  ...{ pending: z.int(), cashPaise: money },
});
export type AgentClose = z.infer<typeof AgentClose>;
const RegionClose = z.object({
  ...{ regionId: z.string(), agents: z.int(), fits: z.int(), differs: z.int(), open: z.int(), idle: z.int() },
  ...{ pending: z.int(), ledgerCollectedPaise: money, ledgerDisbursedPaise: money, ledgerCount: z.int() },
  ...{ collectedDifferencePaise: money, disbursedDifferencePaise: money, cashPaise: money },
});
export type RegionClose = z.infer<typeof RegionClose>;

export const RegionCloses = z.object({ date: z.string(), regions: z.array(RegionClose) });
export const AgentCloses = z.object({
  date: z.string(),
  agents: z.array(AgentClose),
  next: z.nullable(z.string()),
});
