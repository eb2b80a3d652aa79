import { people } from '../sign-in/people.ts';
import type { FieldOps } from '../support/field-ops.ts';
import { addDelivery } from '../protocol/delivery.ts';
import type { Samples } from './sample.ts';

const root = '/api/v1/records';

/** What the console asks. */
export function recordSamples(ekbaar: () => FieldOps, ops: () => string): Samples {
  const get = (path: string) => () => ({ path: `${root}${path}`, token: ops() });
  const filter = { name: 'Late', query: 'status=pending' };
  return {
    'get.api.v1.records.deliveries': get('/deliveries?status=pending&q=a&sort=-amountPaise&limit=3'),
    'get.api.v1.records.deliveries.id': async () => {
      const { id, amountPaise } = await addDelivery(ekbaar());
      const location = { lat: 24.69, lng: 84.99, accuracyM: 5 };
      const body = { amountPaise, confirmedAt: '2026-11-22T10:04:05.123+05:30', location };
      const token = await ekbaar().token('a01', 'agent');
      await ekbaar().post(`/api/v1/deliveries/${id}/confirm`, token, body, { 'idempotency-key': crypto.randomUUID() });
      return get(`/deliveries/${id}`)();
    },
    'get.api.v1.records.filters': get('/filters'),
    'post.api.v1.records.filters': () => ({ ...get('/filters')(), body: filter }),
    'post.api.v1.records.filters.remove': async () => {
      await ekbaar().post(`${root}/filters`, ops(), filter);
      return { ...get('/filters/remove')(), body: { name: filter.name } };
    },
    'get.api.v1.records.agents': get('/agents?q=a0'),
    'get.api.v1.records.agents.id': async () => {
      await people(ekbaar()).agent('a01');
      return get('/agents/a01?day=2026-11-22')();
    },
    'get.api.v1.records.receipts': get('/receipts?status=applied&limit=2'),
    'post.api.v1.records.receipts.key.note': async () => {
      const { id, amountPaise } = await addDelivery(ekbaar());
      const key = crypto.randomUUID();
      const body = { amountPaise: amountPaise + 1, confirmedAt: '2026-11-22T10:04:05.123+05:30' };
      const token = await ekbaar().token('a01', 'agent');
      await ekbaar().post(`/api/v1/deliveries/${id}/confirm`, token, body, { 'idempotency-key': key });
      return { ...get(`/receipts/${key}/note`)(), body: { note: 'called' } };
    },
    'get.api.v1.records.density': get('/density?weeks=2'),
    'get.api.v1.records.places': get('/places'),
    'get.api.v1.records.health': get('/health'),
    'get.api.v1.records.api': get('/api'),
  };
}
