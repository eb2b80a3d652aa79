import type { Status } from '@ekbaar/sdk';
import type { Messages } from './i18n/en.ts';

/** What passes by itself when the network or the server is better: the agent need not be told more than that. */
const passing: ReadonlySet<string> = new Set([
  'unreachable',
  'timeout',
  'not_an_answer',
  'no_progress',
  'needs_token',
  'overloaded',
  'unavailable',
  'throttled',
]);
const busy: ReadonlySet<string> = new Set(['halted', 'server_outdated']);

/** How the line to the server is, in words. */
export function lineInWords({ online, syncing, pending, lastError }: Status, t: Messages): string {
  if (!online) return t.bar.offline;
  if (syncing && pending > 0) return t.bar.sending;
  if (lastError === null) return t.bar.online;
  if (passing.has(lastError.code)) return t.bar.unreachable;
  return busy.has(lastError.code) ? t.bar.busy : t.bar.problem(lastError.code);
}
