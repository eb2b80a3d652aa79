import type { ReactNode } from 'react';
import type { ListedDelivery } from '../../../src/record-answers.ts';
import { timeFormat } from '../../shared/india-time.ts';
import { mfiName } from '../../shared/mfi.ts';
import { formatRupees } from '../../shared/rupees.ts';
import { failureInWords } from '../failure-in-words.ts';
import { Link } from '../frame/router.tsx';
import { StatusLabel } from '../status-label.tsx';
import { kindInWords } from '../status-words.ts';

const time = timeFormat('en');

export interface Column {
  readonly id: string;
  readonly title: string;
  /** As CSS has it. */
  readonly width: string;
  /** What the server sorts it by. */
  readonly sort?: string;
  readonly align?: 'right';
  /** Not shown unless somebody chooses it. */
  readonly extra?: boolean;
  cell(row: ListedDelivery, now: number): ReactNode;
}

/** All columns of the list, in their order; the usual ones fit an office screen of 1280 px. */
export const columns: readonly Column[] = [
  { id: 'status', title: 'Status', width: '134px', sort: 'status', cell: (row) => <StatusLabel status={row.status} /> },
  {
    ...{ id: 'customer', title: 'Customer', width: 'minmax(96px, 1.2fr)', sort: 'customerName' },
    cell: (row) => <Link to={`/deliveries/${encodeURIComponent(row.id)}`}>{row.customerName}</Link>,
  },
  {
    id: 'amount',
    title: 'Amount',
    width: '104px',
    sort: 'amountPaise',
    align: 'right',
    cell: (row) => formatRupees(row.amountPaise),
  },
  { id: 'kind', title: 'Kind', width: '66px', sort: 'kind', cell: (row) => kindInWords(row.kind) },
  { id: 'village', title: 'Village', width: 'minmax(72px, 1fr)', sort: 'village', cell: (row) => row.village },
  { id: 'region', title: 'Region', width: '92px', sort: 'regionId', extra: true, cell: (row) => row.regionId },
  {
    ...{ id: 'agent', title: 'Agent', width: 'minmax(96px, 1.2fr)', sort: 'agentName' },
    cell: (row) => <Link to={`/agents/${encodeURIComponent(row.agentId)}`}>{row.agentName}</Link>,
  },
  { id: 'mfi', title: 'MFI', width: '78px', sort: 'mfiId', cell: (row) => mfiName(row.mfiId) },
  { id: 'due', title: 'Due', width: '54px', sort: 'dueOn', cell: (row) => time.day(row.dueOn) },
  {
    ...{ id: 'confirmed', title: 'Confirmed', width: '126px', sort: 'confirmedAt' },
    cell: (row, now) => (row.confirmedAt === null ? '' : time.at(row.confirmedAt, now)),
  },
  { id: 'receipt', title: 'Receipt no.', width: '112px', cell: (row) => row.receiptNo },
  { id: 'loan', title: 'Loan', width: '170px', extra: true, cell: (row) => row.loanId },
  {
    id: 'instalment',
    title: 'Instalment',
    width: '86px',
    extra: true,
    align: 'right',
    cell: (row) => row.instalmentNo,
  },
  { id: 'pincode', title: 'PIN code', width: '80px', extra: true, cell: (row) => row.pincode },
  { id: 'phone', title: 'Customer’s phone', width: '140px', extra: true, cell: (row) => row.customerPhone },
  {
    ...{ id: 'reason', title: 'Reason', width: 'minmax(160px, 1fr)', extra: true },
    cell: (row) => (row.failReason === null ? '' : failureInWords(row.failReason)),
  },
  { id: 'id', title: 'Id', width: '90px', sort: 'id', extra: true, cell: (row) => row.id },
];

const usual = columns.filter(({ extra }) => extra !== true).map(({ id }) => id);

/** Those that an address names, in their order; the usual ones without any. */
export function columnsOf(named: string | null): readonly Column[] {
  const ids = named === null || named === '' ? usual : named.split('.');
  const chosen = columns.filter(({ id }) => ids.includes(id));
  return chosen.length === 0 ? columnsOf(null) : chosen;
}

/** How an address names them; null for the usual ones. */
export function namesOf(ids: readonly string[]): string | null {
  const inOrder = columns.map(({ id }) => id).filter((id) => ids.includes(id));
  return inOrder.join('.') === usual.join('.') ? null : inOrder.join('.');
}
