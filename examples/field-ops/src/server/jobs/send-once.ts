import type { Log, Queryable } from '@ekbaar/server';
import { beginAttempt, endAttempt, endMessage, firstTriedAt, type OutgoingMessage } from './message-store.ts';
import type { Answer, PayoutReport, Port } from './port.ts';

/** What a worker works with. */
export interface Workshop {
  readonly db: Queryable;
  readonly clock: () => Date;
  readonly log: Log;
  readonly onAttempt: (attempt: { channel: string; provider: string; outcome: Answer['outcome'] }) => void;
}

/** What becomes of a job. */
export type Verdict =
  | { readonly verdict: 'done'; readonly note?: string; readonly report?: Reported }
  /** Again later; `afterMs` when the other side said when. */
  | { readonly verdict: 'later'; readonly reason: string; readonly afterMs?: number | undefined }
  /** To the dead letters, at once. */
  | { readonly verdict: 'dead'; readonly reason: string };

export interface Reported {
  readonly providerId: string | undefined;
  readonly payout: PayoutReport | undefined;
}

/** How long a report of the provider may take, before people have to find out what became of an unknown outcome. */
const patienceMs = 30 * 60_000;

/**
 * Does one message once, as far as its provider lets us: at least once under one key, which the provider knows again, or
 * is asked about; at most once where it does neither. May be stopped at any point and called again.
 *
 * The row says where it stands. `sending` in it means that a try began of which nobody knows the outcome: the worker died,
 * the line broke, or another worker is at it right now. What is done then is up to the port.
 *
 * @param lastTry the job has no try left after this one
 */
export async function sendOnce<Request>(
  workshop: Workshop,
  message: OutgoingMessage,
  port: Port<Request>,
  request: Request,
  { signal, lastTry }: { readonly signal: AbortSignal; readonly lastTry: boolean },
): Promise<Verdict> {
  const { db, clock } = workshop;
  switch (message.status) {
    case 'sent':
    case 'delivered':
    case 'undelivered':
      return { verdict: 'done', note: `it was ${message.status} before` };
    case 'skipped':
    case 'closed':
      return { verdict: 'done', note: `it is ${message.status}` };
    // Its worker died between the two: the row says so already, the job does not yet.
    case 'refused':
    case 'exhausted':
    case 'unknown':
      return { verdict: 'dead', reason: message.lastError ?? message.status };
    case 'waiting':
    case 'sending':
  }
  const unknownBefore = message.status === 'sending';
  if (unknownBefore && port.afterUnknown === 'stop' && port.find === undefined) {
    const since = message.triedAt?.getTime() ?? 0;
    if (clock().getTime() - since < patienceMs && !lastTry)
      return {
        verdict: 'later',
        reason: 'waiting for a report: the outcome of the last try is unknown',
        afterMs: 120_000,
      };
    const reason = 'nobody knows whether it was sent: ask the provider, then retry or close';
    await endMessage(db, message, 'unknown', reason, clock());
    return { verdict: 'dead', reason };
  }
  const begun = clock();
  const no = await beginAttempt(db, message, port.provider, begun);
  if (no === undefined) return { verdict: 'later', reason: 'somebody else has just settled it', afterMs: 1000 };
  const how = { key: message.id, firstTriedAt: (await firstTriedAt(db, message)) ?? begun, signal };
  const mustAsk = unknownBefore && port.afterUnknown !== 'repeat' && port.find !== undefined;
  const found = mustAsk ? await port.find?.(request, how) : undefined;
  // What cannot be found out is not done again either.
  const answer =
    found === undefined || found.outcome === 'absent'
      ? heard(await port.act(request, how), port, mustAsk)
      : asked(found);
  await endAttempt(db, message, no, answer, clock());
  workshop.onAttempt({ channel: message.channel, provider: port.provider, outcome: answer.outcome });
  const verdict = verdictOf(answer);
  if (verdict.verdict !== 'later' || !lastTry) return verdict;
  await endMessage(db, message, answer.outcome === 'unknown' ? 'unknown' : 'exhausted', verdict.reason, clock());
  return { verdict: 'dead', reason: `no try is left: ${verdict.reason}` };
}

/**
 * Of an order. 409 says that the same key is at work, so an earlier try may still come to something; and after a try of
 * unknown outcome a no for now is about this one only. Whoever can be asked is asked again before the next.
 */
function heard<Request>(answer: Answer, port: Port<Request>, unknownBefore: boolean): Answer {
  if (answer.outcome !== 'retry' || port.afterUnknown !== 'ask' || port.find === undefined) return answer;
  return unknownBefore || answer.httpStatus === 409 ? { ...answer, outcome: 'unknown' } : answer;
}

/** Of a question: whatever went wrong with it, it says nothing about what was asked. */
function asked(found: Answer): Answer {
  if (found.outcome === 'done') return found;
  const detail = 'detail' in found ? found.detail : found.outcome;
  const afterMs = 'afterMs' in found ? found.afterMs : undefined;
  return { ...found, outcome: 'unknown', detail: `asked what became of it: ${detail}`, afterMs };
}

function verdictOf(answer: Answer): Verdict {
  switch (answer.outcome) {
    case 'done':
      return { verdict: 'done', report: { providerId: answer.providerId, payout: answer.report } };
    case 'refused':
      return { verdict: 'dead', reason: answer.detail };
    case 'retry':
    case 'unknown':
      return { verdict: 'later', reason: answer.detail, afterMs: answer.afterMs };
    case 'absent':
      return { verdict: 'later', reason: 'it is not there' };
  }
}
