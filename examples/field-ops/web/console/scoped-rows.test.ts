import type { Delta } from '@ekbaar/sdk/protocol';
import { describe, expect, it } from 'vitest';
import { sampleDelivery } from '../shared/sample-delivery.ts';
import { ScopedRows } from './scoped-rows.ts';

const delivery = { ...sampleDelivery };

function page(parts: Partial<Delta>): Delta {
  return { changes: [], scopes: {}, reset: [], dropped: [], cursor: 'c', more: false, ...parts };
}

function change(scope: string, row: typeof delivery | null): Delta['changes'][number] {
  return { scope, collection: 'deliveries', id: 'd1', version: 1, tag: row ? 1 : 0, row };
}

describe('ScopedRows', () => {
  it('holds a row once, until it has left its last scope', () => {
    const rows = new ScopedRows();
    expect(rows.apply(page({ changes: [change('region:r1', delivery), change('region:r2', delivery)] }))).toHaveLength(
      2,
    );
    expect(rows.all('deliveries')).toEqual([delivery]);

    rows.apply(page({ changes: [change('region:r1', null)] }));
    expect(rows.all('deliveries')).toEqual([delivery]);

    rows.apply(page({ changes: [change('region:r2', null)] }));
    expect(rows.all('deliveries')).toEqual([]);
  });

  it('shows what another app has written, longer than anybody here may enter', () => {
    const rows = new ScopedRows();
    const long = { ...delivery, pincode: '800 001', village: 'v'.repeat(300), instalmentNo: 20_000 };
    rows.apply(page({ changes: [change('region:r1', long)] }));
    expect(rows.all('deliveries')).toEqual([long]);
  });

  it('forgets the rows of a reset or dropped scope before it takes in the page', () => {
    const rows = new ScopedRows();
    rows.apply(page({ changes: [change('region:r1', delivery)] }));
    const later = { ...delivery, status: 'confirmed' as const };
    rows.apply(page({ reset: ['region:r1'], changes: [change('region:r1', later)] }));
    expect(rows.all('deliveries')).toEqual([later]);
    rows.apply(page({ dropped: ['region:r1'] }));
    expect(rows.all('deliveries')).toEqual([]);
  });

  it('leaves out collections and rows that it does not know', () => {
    const rows = new ScopedRows();
    const unknown = { ...change('region:r1', delivery), collection: 'receipts' };
    const broken = { ...change('region:r1', delivery), row: { id: 'd1' } };
    rows.apply(page({ changes: [unknown, broken] }));
    expect(rows.all('deliveries')).toEqual([]);
  });
});
