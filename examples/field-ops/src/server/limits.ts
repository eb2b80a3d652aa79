import type { Limits } from '@ekbaar/server';
import * as z from 'zod/mini';

const positive = z.coerce.number().check(z.positive(), z.maximum(1_000_000));

/** The variables that set how much one node takes on; what is not set is the engine's default. */
export const LimitVariables = z.object({
  EKBAAR_RATE_PER_SECOND: z._default(positive, 20),
  EKBAAR_STREAMS: z.optional(positive),
  EKBAAR_SOCKETS: z.optional(positive),
  EKBAAR_HEADER_SECONDS: z.optional(positive),
  EKBAAR_REQUEST_SECONDS: z.optional(positive),
  EKBAAR_ANSWER_SECONDS: z.optional(positive),
  EKBAAR_STREAM_STUCK_SECONDS: z.optional(positive),
});

/** Ops and settlement are programs too, which send thousands of requests in a row. */
const programsPerAgent = 10;
/** What one may send at once, in seconds of the long run's rate: a phone that was away for a week needs less. */
const burstSeconds = 60;

export function limitsIn(set: z.infer<typeof LimitVariables>): Partial<Limits> {
  const seconds = (value: number | undefined) => (value === undefined ? undefined : value * 1000);
  const given: { [Name in keyof Limits]?: Limits[Name] | undefined } = {
    streams: set.EKBAAR_STREAMS,
    connections: set.EKBAAR_SOCKETS,
    headersMs: seconds(set.EKBAAR_HEADER_SECONDS),
    requestMs: seconds(set.EKBAAR_REQUEST_SECONDS),
    answerMs: seconds(set.EKBAAR_ANSWER_SECONDS),
    streamStuckMs: seconds(set.EKBAAR_STREAM_STUCK_SECONDS),
    rate: ({ role }) => {
      const perSecond = set.EKBAAR_RATE_PER_SECOND * (role === 'agent' ? 1 : programsPerAgent);
      // Less than one at once would be none, for ever.
      return { perSecond, burst: Math.max(1, perSecond * burstSeconds) };
    },
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<Limits>;
}
