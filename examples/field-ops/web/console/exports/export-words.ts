import type { Export, ExportFormat, ExportKind, ExportState } from '../../../src/export-answers.ts';

export const kindWords: Readonly<Record<ExportKind, string>> = {
  deliveries: 'Deliveries',
  disbursements: 'Disbursements',
  ledger: 'Ledger entries',
  'day-closings': 'Day closings',
  audit: 'Audit',
  'settlement-disbursements': 'Settlement: disbursements',
  'settlement-lines': 'Settlement: lines of the file',
};

export const formatWords: Readonly<Record<ExportFormat, readonly [name: string, what: string]>> = {
  xlsx: ['Excel', 'days, times and amounts as Excel’s own'],
  csv: ['CSV', 'rupees and India’s time, safe to open in a spreadsheet'],
  jsonl: ['JSON Lines', 'for programs: whole paise, times in UTC'],
};

export const stateWords: Readonly<Record<ExportState, string>> = {
  queued: 'Waiting for a worker',
  running: 'Being written',
  done: 'Ready',
  failed: 'Failed',
  cancelled: 'Cancelled',
  expired: 'Thrown away',
};

/** What a file is bounded to, in words. */
export function filtersInWords({ filters, regions }: Pick<Export, 'filters' | 'regions'>): string {
  const { from, to, status, region, runId, list } = filters;
  const chosen = [...new URLSearchParams(list ?? '')]
    .filter(([name]) => name !== 'sort' && name !== 'columns')
    .map(([name, value]) => `${name} ${value}`);
  return [
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(to === undefined ? [] : [`to ${to}`]),
    ...[status, region].filter((word) => word !== undefined),
    ...(runId === undefined ? [] : [`run ${runId.slice(0, 8)}`]),
    ...chosen,
    ...(regions === null ? [] : [`regions: ${regions.join(', ')}`]),
  ].join(' · ');
}
