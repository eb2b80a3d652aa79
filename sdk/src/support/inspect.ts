import type { Actor } from '../client-options.ts';
import { isPending, isSkip, type LogEntry, needsAttention } from '../log/entry.ts';
import type { MutationState } from '../log/mutation-record.ts';
import { type AnyClient, partsOf } from '../parts.ts';
import type { StorageState } from '../platform.ts';
import type { Status } from '../status.ts';
import type { LineFigures } from '../sync/line.ts';

/** Most mutations and outcomes that are named one by one. */
const mostNamed = 100;
/** A cursor can be very long, and is opaque. */
const cursorShown = 120;

/** A mutation of the log, without its arguments. */
export interface InspectedMutation {
  readonly id: number;
  readonly key: string;
  readonly name: string;
  readonly state: MutationState;
  /** When the person acted, by the device's clock (ISO 8601), and how long ago that is. */
  readonly at: string;
  readonly ageMs: number;
  /** Version of the model it was made with. */
  readonly model: number;
  readonly replaces?: string;
}

/** A mutation with its outcome, without arguments and result. */
export interface InspectedReceipt extends InspectedMutation {
  /** When the outcome was stored, by the device's clock (ISO 8601). */
  readonly settledAt: string | null;
  /** The code of the refusal. */
  readonly error: string | null;
  /** Nobody has dealt with the refusal. */
  readonly needsAttention: boolean;
  readonly replacedBy?: string;
}

/** How a client stands: plain data, without anybody's arguments, rows or token, so it can be sent to support as it is. */
export interface Inspection {
  /** The device's clock (ISO 8601). */
  readonly at: string;
  readonly actor: Actor;
  readonly clientId: string;
  /** Version of the app's model. */
  readonly model: number;
  /** Grows by one with each change on this device. */
  readonly revision: number;
  /** `leads`: this tab syncs. `follows`: another one does. */
  readonly tab: 'leads' | 'follows';
  readonly status: Status;
  /** What the server must still be told: how many, skips included, and the first of them. */
  readonly queue: { readonly length: number; readonly skips: number; readonly first: readonly InspectedMutation[] };
  /** How many outcomes are kept, and the latest of them, newest first. */
  readonly receipts: { readonly kept: number; readonly last: readonly InspectedReceipt[] };
  /** Up to where the replica has come; cut short, and null before the first answer. */
  readonly cursor: string | null;
  readonly scopes: Readonly<Record<string, { readonly rows: number; readonly version: number }>>;
  /** The last errors, the newest last; times are ISO 8601 by the device's clock. */
  readonly errors: readonly {
    readonly code: string;
    readonly message: string;
    readonly firstAt: string;
    readonly lastAt: string;
    readonly times: number;
  }[];
  readonly line: LineFigures;
  /** Null: the platform does not say. */
  readonly storage: StorageState | null;
}

/** Looks into a client. Changes nothing, needs no network, and works on a closed one too. */
export async function inspect(client: AnyClient): Promise<Inspection> {
  const { actor, device, model, platform, sync } = partsOf(client);
  const { log, board, tabs } = device;
  const now = platform.now();
  const pending = log.entries.filter(isPending);
  const queued = pending.filter((entry) => !isSkip(entry));
  const settled = log.entries.filter((entry) => entry.receipt && !isPending(entry) && !isSkip(entry));
  const storage = await (platform.storage ?? readStorage)().catch(() => null);
  return {
    at: iso(now),
    actor: { tenant: actor.tenant, id: actor.id },
    clientId: log.identity.clientId,
    model: model.version,
    revision: log.progress.revision,
    tab: tabs.leads ? 'leads' : 'follows',
    status: board.get(),
    queue: {
      length: pending.length,
      skips: pending.length - queued.length,
      first: queued.slice(0, mostNamed).map((entry) => toMutation(entry, now)),
    },
    receipts: {
      kept: settled.length,
      last: [...settled]
        .sort((left, right) => (right.settledAt ?? 0) - (left.settledAt ?? 0) || right.seq - left.seq)
        .slice(0, mostNamed)
        .map((entry) => toReceipt(entry, now)),
    },
    cursor: log.progress.cursor?.slice(0, cursorShown) ?? null,
    scopes: Object.fromEntries(
      Object.entries(device.scopes).map(([scope, { rows, version }]) => [scope, { rows, version }]),
    ),
    errors: board.errors.map(({ firstAt, lastAt, ...error }) => ({
      ...error,
      firstAt: iso(firstAt),
      lastAt: iso(lastAt),
    })),
    line: sync.line.figures,
    storage,
  };
}

function toMutation(entry: LogEntry, now: number): InspectedMutation {
  const { id, key, name, at, model, receipt, sent, replaces } = entry;
  const state = receipt?.status ?? (sent ? 'sent' : 'saved');
  return { ...{ id, key, name, state, at, ageMs: now - Date.parse(at), model }, ...(replaces && { replaces }) };
}

function toReceipt(entry: LogEntry, now: number): InspectedReceipt {
  const { receipt, settledAt, replacedBy } = entry;
  return {
    ...toMutation(entry, now),
    settledAt: settledAt === undefined ? null : iso(settledAt),
    error: receipt?.error?.code ?? null,
    needsAttention: needsAttention(entry),
    ...(replacedBy && { replacedBy }),
  };
}

/** Here, and not in the platform: only this asks for it. */
async function readStorage(): Promise<StorageState | null> {
  const { storage } = globalThis.navigator ?? {};
  if (!storage) return null;
  const [{ usage, quota }, persisted] = await Promise.all([storage.estimate(), storage.persisted()]);
  return { usage, quota, persisted };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
