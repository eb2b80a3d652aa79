import type { Limits } from '@ekbaar/server';
import { limits as wire } from '@ekbaar/sdk/protocol';
import { ApiFacts } from '../../record-answers.ts';
import { type RecordsApp, recordRoute } from './record-route.ts';

/** What the API holds a program to, and who it takes the asker for. */
export function apiFacts(app: RecordsApp, rate: Limits['rate']): void {
  recordRoute(app, {
    ...{ method: 'get', path: '/api', summary: 'Who is asking, and the limits in force' },
    answer: ApiFacts,
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
