import type { Limits } from '@ekbaar/server';
import { limits as wire } from '@ekbaar/sdk/protocol';
import * as z from 'zod/mini';
import { type RecordsApp, recordRoute } from './record-route.ts';

const Rate = z.object({ perSecond: z.number(), burst: z.number() });

/** What the API holds a program to, and who it takes the asker for. */
export function apiFacts(app: RecordsApp, rate: Limits['rate']): void {
  recordRoute(app, {
    ...{ method: 'get', path: '/api', summary: 'Who is asking, and the limits in force' },
    answer: z.object({
      you: z.object({ tenant: z.string(), sub: z.string(), role: z.string(), regions: z.array(z.string()) }),
      /** The token's other claims. */
      claims: z.record(z.string(), z.unknown()),
      rates: z.object({ you: Rate, agent: Rate }),
      limits: z.record(z.string(), z.number()),
    }),
    run: ({ by }) => {
      const { tenant, id, role, regions, claims } = by;
      const numbers = Object.entries(wire).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
      return Promise.resolve({
        you: { tenant, sub: id, role, regions: [...regions] },
        claims: { ...claims },
        rates: {
          you: rate({ tenant, id, role, claims }),
          agent: rate({ tenant, id: 'agent', role: 'agent', claims: {} }),
        },
        limits: Object.fromEntries(numbers),
      });
    },
  });
}
