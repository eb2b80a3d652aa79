import type { OwnCommit } from '../commit.ts';
import { isPending, type LogEntry } from '../log/entry.ts';
import type { MutationLog } from '../log/mutation-log.ts';
import { listEntries, putEntries } from '../log/stored-entries.ts';
import { type Mutation, protocolVersion, type SyncRequest } from '../protocol/index.ts';
import { deviceLimits } from '../protocol/limits.ts';
import { countChange, readMeta, type ScopeSums } from '../store/meta.ts';
import type { Store, Transaction } from '../store/store.ts';

/** Leaves room for the rest of the body, below the server's limit. */
const bodyBytes = 900_000;
/** How many log entries are read at once. */
const readAtOnce = 100;

/** One request, and the state of the device that it was made from. */
export interface Round {
  readonly request: SyncRequest;
  /** The log entries in the request, in id order. */
  readonly sent: readonly LogEntry[];
  /** What making the request has changed: entries that are now marked as sent. */
  readonly marked: OwnCommit | undefined;
  /** `seq` from which the log was searched for what is pending. */
  readonly head: number;
}

/** What a request should hold. */
export interface RoundPlan {
  readonly request: string;
  readonly sentAt: string;
  readonly model: number;
  /** Most changes wanted, beside so many mutations. */
  readonly page: (sent: number) => number;
  /** Most mutations; 0 pulls only. */
  readonly batch: number;
  readonly diverged: readonly string[];
  readonly log: Pick<MutationLog, 'own' | 'withRoom' | 'leaving'>;
}

/**
 * Makes the next request out of what is on disk, so that whatever another tab did counts. Marks what it takes
 * as sent before it leaves: what may have reached the server is known as such, also after a crash.
 *
 * @returns undefined when the storage was cleared under the running client, or is another one.
 */
export function takeRound(store: Store, plan: RoundPlan): Promise<Round | undefined> {
  const { log } = plan;
  return log.withRoom((changes) =>
    store.transaction(['log', 'meta'], 'durable', async (tx) => {
      const { identity, progress, scopes } = await readMeta(tx, log.own);
      if (!identity) return undefined;
      const { cursor, head } = progress;
      const pending = await readPending(tx, head, Math.max(plan.batch, 1));
      const [first] = pending;
      const diverged = new Set([...plan.diverged, ...staleScopes(scopes)]);
      const wanted = [...diverged].slice(0, deviceLimits.scopesPerRequest);
      const room = bodyBytes - (cursor?.length ?? 0) - JSON.stringify(wanted).length;
      const sent = fitting(pending.slice(0, plan.batch).map(log.leaving), room);
      const entries = sent.filter((entry) => !entry.sent).map((entry) => ({ ...entry, sent: true }));
      await putEntries(tx, entries);
      const marked = entries.length > 0 ? { ...(await countChange(tx, changes)), entries } : undefined;
      const request: SyncRequest = {
        protocol: protocolVersion,
        request: plan.request,
        sentAt: plan.sentAt,
        model: plan.model,
        clientId: identity.clientId,
        mutations: sent.map(toWire),
        ack: first ? first.id - 1 : identity.lastId,
        cursor,
        limit: plan.page(sent.length),
        diverged: wanted,
      };
      return { request, sent, marked, head };
    }),
  );
}

/** Scopes whose rows are wanted whole again: the app has another model than when they were written. */
function staleScopes(scopes: ScopeSums): string[] {
  return Object.keys(scopes).filter((scope) => scopes[scope]?.stale);
}

async function readPending(tx: Transaction, head: number, wanted: number): Promise<LogEntry[]> {
  const pending: LogEntry[] = [];
  let from = head;
  while (pending.length < wanted) {
    const page = await listEntries(tx, from, readAtOnce);
    pending.push(...page.filter(isPending));
    const last = page.at(-1);
    if (!last || page.length < readAtOnce) break;
    from = last.seq + 1;
  }
  return pending;
}

/** As many of the first entries as fit into `room` bytes, and never none: what is alone too large must be seen to be. */
function fitting(entries: readonly LogEntry[], room: number): readonly LogEntry[] {
  const encoder = new TextEncoder();
  let bytes = 0;
  const tooMany = entries.findIndex((entry) => {
    bytes += encoder.encode(JSON.stringify(toWire(entry))).length + 1;
    return bytes > room;
  });
  return tooMany === -1 ? entries : entries.slice(0, Math.max(tooMany, 1));
}

function toWire({ id, key, name, args, at, model, receipt, replaces }: LogEntry): Mutation {
  // JSON leaves out what is undefined.
  return { id, key, name, args, at, model, receipt, replaces };
}
