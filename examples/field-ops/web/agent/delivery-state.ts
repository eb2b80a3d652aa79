import { DeliveryKind, DeliveryStatus } from '../../src/model.ts';
import type { AgentMutation, DeliveryRow } from './client.ts';

/** How far a delivery has come, as the agent has to see it; `unknown` is a status that a newer server made up. */
export type DeliveryState = 'todo' | 'saved' | 'sent' | 'confirmed' | 'failed' | 'cancelled' | 'attention' | 'unknown';

/** Those in which there is something left to do. */
export const openStates: ReadonlySet<DeliveryState> = new Set(['todo', 'attention']);

export interface DeliveryEntry {
  row: DeliveryRow;
  state: DeliveryState;
  /** Told by the server: with the receipt at first, with the row from then on. */
  receiptNo: string | null;
  /** The refusal that the agent has not dealt with yet. */
  refused: AgentMutation | null;
  /** This phone's latest confirmation of it, whatever became of that. */
  confirmation: Confirmation | null;
}

export type Confirmation = Extract<AgentMutation, { name: 'confirmDelivery' }>;

/** Joins deliveries with what this phone did to them. Order: needs attention, to do, under way, done (latest first). */
export function deliveryEntries(
  rows: readonly DeliveryRow[],
  log: readonly AgentMutation[],
  refusals: readonly AgentMutation[],
): DeliveryEntry[] {
  const latest = latestByDelivery(log);
  const confirmations = latestByDelivery(log.filter((record) => record.name === 'confirmDelivery'));
  const refused = latestByDelivery(refusals);
  return rows
    .map((row) => entryOf(row, latest.get(row.id), refused.get(row.id), confirmations.get(row.id)))
    .sort((a, b) => rank[a.state] - rank[b.state] || withinRank(a, b));
}

const rank: Readonly<Record<DeliveryState, number>> = {
  attention: 0,
  todo: 1,
  saved: 2,
  sent: 2,
  confirmed: 3,
  failed: 3,
  cancelled: 3,
  unknown: 3,
};

function entryOf(
  row: DeliveryRow,
  latest: AgentMutation | undefined,
  refused: AgentMutation | undefined,
  confirmation: Confirmation | undefined,
): DeliveryEntry {
  const receiptNo = row.receiptNo ?? receiptOf(latest);
  const entry = { row, receiptNo, refused: refused ?? null, confirmation: confirmation ?? null };
  if (latest?.state === 'saved' || latest?.state === 'sent') return { ...entry, state: latest.state };
  // A refusal stands until it is dismissed, or a confirmation counted: a later one of this phone's, or another phone's.
  if (refused && latest?.state !== 'applied' && row.status !== 'confirmed') return { ...entry, state: 'attention' };
  if (!isKnownStatus(row)) return { ...entry, state: 'unknown' };
  return { ...entry, state: row.status === 'pending' ? 'todo' : row.status };
}

/** Rows are what the server says, and a newer one may say more than this app knows: then nothing is done here. */
export function isUnderstood(row: DeliveryRow): boolean {
  return DeliveryKind.safeParse(row.kind).success && isKnownStatus(row);
}

function isKnownStatus(row: DeliveryRow): boolean {
  return DeliveryStatus.safeParse(row.status).success;
}

/** Whether there is a receipt to show: what was confirmed by another app may have no number. */
export function hasReceipt({ row, confirmation }: DeliveryEntry): boolean {
  if (row.status !== 'confirmed' || !isUnderstood(row)) return false;
  return row.receiptNo !== null || (confirmation !== null && !['rejected', 'dead'].includes(confirmation.state));
}

/** Why nothing more can be said about a delivery; null while it can: one that failed may be tried again. */
export function settledAs({ row, state }: DeliveryEntry): 'saved' | 'sent' | 'confirmed' | 'cancelled' | null {
  // What is under way waits for its outcome first.
  if (state === 'saved' || state === 'sent') return state;
  return row.status === 'confirmed' || row.status === 'cancelled' ? row.status : null;
}

function receiptOf(record: AgentMutation | undefined): string | null {
  const result: unknown = record?.result;
  if (typeof result !== 'object' || result === null || !('receiptNo' in result)) return null;
  return typeof result.receiptNo === 'string' ? result.receiptNo : null;
}

/** The delivery that a mutation is about; null for one about something else. */
export function deliveryIdOf(record: AgentMutation): string | null {
  const args: unknown = record.args;
  if (typeof args !== 'object' || args === null || !('deliveryId' in args)) return null;
  return typeof args.deliveryId === 'string' ? args.deliveryId : null;
}

/** The log is in order, so the last one of a delivery is its latest. */
function latestByDelivery<Of extends AgentMutation>(log: readonly Of[]): Map<string, Of> {
  const byDelivery = new Map<string, Of>();
  for (const record of log) {
    const id = deliveryIdOf(record);
    if (id !== null) byDelivery.set(id, record);
  }
  return byDelivery;
}

function withinRank(a: DeliveryEntry, b: DeliveryEntry): number {
  if (rank[a.state] < 2) {
    return (
      compare(a.row.dueOn, b.row.dueOn) ||
      compare(a.row.village, b.row.village) ||
      compare(a.row.customerName, b.row.customerName) ||
      compare(a.row.id, b.row.id)
    );
  }
  return compare(b.row.confirmedAt ?? '', a.row.confirmedAt ?? '') || compare(a.row.id, b.row.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
