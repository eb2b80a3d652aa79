import { describe, expect, it } from 'vitest';
import { ApiError } from '../frame/api-line.ts';
import { BulkRun } from './bulk.ts';

const targets = ['d1', 'd2', 'd3', 'd4', 'd5', 'd6'].map((id) => ({ id, customer: id }));

describe('BulkRun', () => {
  it('sends a row again under its own key only when there was no answer', async () => {
    const sent: [string, string][] = [];
    let online = false;
    let keys = 0;
    const run = new BulkRun({ name: 'cancelDelivery', reason: 'flood', inWords: '' }, targets, {
      newKey: () => `k${(keys += 1)}`,
      onChange: () => undefined,
      async mutate(_, args, key) {
        const { deliveryId } = args as { deliveryId: string };
        sent.push([deliveryId, key]);
        if (deliveryId === 'd2') throw new ApiError(422, 'not_pending', 'Delivery d2 is confirmed');
        if (!online && deliveryId === 'd3') throw new ApiError(0, 'unreachable', 'gone');
        if (!online && deliveryId === 'd4') throw new ApiError(503, 'overloaded', 'later');
      },
    });
    await run.run();
    expect(run.rows.map(({ state }) => state)).toEqual(['done', 'refused', 'unknown', 'unknown', 'done', 'done']);
    const first = new Map(sent);
    sent.length = 0;
    online = true;
    await run.run();
    expect(run.rows.map(({ state }) => state)).toEqual(['done', 'refused', 'done', 'done', 'done', 'done']);
    expect(sent).toEqual([
      ['d3', first.get('d3')],
      ['d4', first.get('d4')],
    ]);
  });
});
