import type { HttpClient } from '../support/http-client.ts';
import type { Person } from './cast.ts';

/** Cursors of deltas and of pages. */
export interface Cursors {
  readonly cursors: readonly string[];
  readonly pageCursors: readonly string[];
}

const pulls = ['limit=1', 'limit=7', 'limit=1000'];
const lists = [
  ...[
    'collections/deliveries?limit=2',
    'collections/agents?limit=1&sort=-regionId',
    'collections/disbursements?limit=1',
  ],
  ...['admin/receipts?limit=2', 'admin/dead-letters?limit=1', 'admin/audit?limit=1'],
];

/** What honest people are given when they ask for a little. */
export async function collectCursors(http: HttpClient, people: readonly Person[]): Promise<Cursors> {
  const honest = people.filter((person) => person.honest);
  const ask = async (path: string) =>
    Promise.all(
      honest.map(
        async ({ token }) => (await http.get(`/v1/${path}`, token)).body as { cursor?: unknown; next?: unknown },
      ),
    );
  const deltas = (await Promise.all(pulls.map((query) => ask(`pull?${query}`)))).flat();
  const pages = (await Promise.all(lists.map(ask))).flat();
  return {
    cursors: deltas.map(({ cursor }) => cursor).filter(isText),
    pageCursors: pages.map(({ next }) => next).filter(isText),
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
