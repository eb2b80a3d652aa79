import type { AccountRole, KnownAccount } from '../../../src/account-answers.ts';

export const roleWords: Readonly<Record<AccountRole, string>> = {
  agent: 'Agent',
  ops: 'Operations',
  settlement: 'Settlement',
};

/** Whether somebody can sign in with it, and if not, why. */
export function stateOf({ active, hasSecret, mustReset }: KnownAccount): { words: string; tone: string | undefined } {
  if (!active) return { words: 'Closed', tone: 'attention' };
  if (!hasSecret) return { words: 'Waits for its first secret', tone: undefined };
  if (mustReset) return { words: 'Must choose a new secret', tone: undefined };
  return { words: 'Open', tone: 'good' };
}
