import { type Outcome, skipName } from '../protocol/index.ts';

/**
 * One mutation as the device keeps it. Entries are never changed in place: a new object takes the old one's place.
 */
export interface LogEntry {
  /** Key in the store: the order in which things were done on this device. Never reused. */
  readonly seq: number;
  /** Position in the numbering of the current client id. */
  readonly id: number;
  /** Idempotency key: minted once, kept through renumbering, reinstalls and restored servers. */
  readonly key: string;
  readonly name: string;
  /** As the app gave them. */
  readonly args: unknown;
  /** The device's clock when the person acted (ISO 8601). */
  readonly at: string;
  /** Version of the model it was made with. */
  readonly model: number;
  /** True once it was handed to the network, whatever came of it. */
  readonly sent?: boolean;
  readonly receipt?: Outcome;
  /** The device's clock when the receipt was stored, in milliseconds since 1970. */
  readonly settledAt?: number;
  /** True: it has a receipt, but the server lost it (a restored backup), so it is sent again. */
  readonly again?: boolean;
  /** True: it was settled under an earlier client id, and its `id` means nothing any more. */
  readonly former?: boolean;
  /** Why operations closed this dead letter. */
  readonly closeReason?: string;
  /** True: somebody has dealt with this refusal. */
  readonly dismissed?: boolean;
  /** Key of the refused mutation in whose place this one was made. */
  readonly replaces?: string;
  /** Key of the mutation that was made in this refused one's place. */
  readonly replacedBy?: string;
}

/** Whether a value from the disk is what was written: a damaged store must not be taken for one that holds nothing. */
export function isEntry(value: LogEntry): boolean {
  return typeof value?.key === 'string' && typeof value.seq === 'number';
}

/** Whether the server must still be told. */
export function isPending(entry: LogEntry): boolean {
  return !entry.former && (!entry.receipt || entry.again === true);
}

/** Whether it holds the place of a mutation that was thinned away: a number without gaps, and nothing that anybody did. */
export function isSkip({ name }: LogEntry): boolean {
  return name === skipName;
}

/** What holds the place of a mutation that is not to be sent. */
export function asSkip(entry: LogEntry): LogEntry {
  return { ...entry, name: skipName, args: {} };
}

/** Whether the server said no (or gave up) and nobody has dealt with it. */
export function needsAttention(entry: LogEntry): boolean {
  return entry.receipt !== undefined && entry.receipt.status !== 'applied' && !entry.dismissed;
}
