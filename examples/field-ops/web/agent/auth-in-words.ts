import { AuthError } from '../shared/auth-line.ts';
import type { Messages } from './i18n/en.ts';

/** What an agent is told of a sign-in, or of another PIN, that did not work. */
export function authInWords(error: unknown, t: Messages): string {
  if (!(error instanceof AuthError) || error.code === 'unreachable') return t.signIn.unreachable;
  if (error.code === 'busy' || error.code === 'not_an_answer') return t.signIn.busy;
  if (error.issue?.message === 'locked') return t.signIn.locked;
  if (error.status === 429) return t.signIn.wait(waitInWords(error.waitSeconds, t));
  if (error.status === 403) return t.ended.blocked;
  if (error.issue?.path === 'secret') return t.reset.easyPin;
  return t.signIn.wrong;
}

export function waitInWords(seconds: number, t: Messages): string {
  return seconds < 90 ? t.seconds(Math.max(1, Math.ceil(seconds))) : t.minutes(Math.ceil(seconds / 60));
}
