import type { Account } from '../shared/account.ts';
import { accountOf, AuthError, signIn, type SignInOptions } from '../shared/auth-line.ts';
import { AgentSession } from './agent-session.ts';
import type { PhoneVaults } from './vault/phone-vault.ts';

/** Neither the PIN nor the server opens what this account has on this phone: it is left as it is, and the office must help. */
export class SealedError extends Error {
  override readonly name = 'SealedError';
}

interface Asked {
  readonly tenant: string;
  readonly login: string;
  readonly pin: string;
}

/** @returns the session; or the code with which another PIN must be chosen first. @throws AuthError, SealedError */
export async function signInOnline(
  vaults: PhoneVaults,
  { tenant, login, pin }: Asked,
  { operators, isDemo }: { operators: SignInOptions['operators']; isDemo: boolean },
): Promise<AgentSession | { readonly code: string }> {
  const phone = { id: await vaults.phoneId(), name: phoneName() };
  const answer = await signIn({ tenant, login, secret: pin }, { phone });
  if ('mustReset' in answer) return { code: answer.code };
  const { escrowKey, refreshToken, token } = answer;
  // The office's people have the console.
  if (answer.account.role !== 'agent' || escrowKey === undefined || refreshToken === undefined)
    throw new AuthError('refused', 'This is no agent’s account', { status: 401 });
  const account = accountOf(answer, operators);
  const vault = await vaults.signedIn(account, { pin, escrowKey, refreshToken, isDemo });
  if (!vault) throw new SealedError('What is on this phone is sealed with another PIN');
  return new AgentSession(account, vault, phone, { access: token, ended: null });
}

/** Opens what is on this phone, without a network. @returns how long to wait, in milliseconds, after a wrong PIN */
export async function unlockOffline(
  vaults: PhoneVaults,
  account: Account,
  pin: string,
): Promise<AgentSession | number> {
  const unlocking = await vaults.unlock(account, pin);
  if (unlocking.outcome === 'wrong') return unlocking.waitMs;
  const { vault } = unlocking;
  const phone = { id: await vaults.phoneId(), name: phoneName() };
  return new AgentSession(account, vault, phone, { access: null, ended: await vault.readEnded() });
}

/** Enough for the office to tell two phones apart. */
function phoneName(): string {
  const { userAgent } = navigator;
  const model = /Android [^;)]*; ([^;)]+)/.exec(userAgent)?.[1];
  return (model?.replace(/ Build.*/, '') ?? /iPhone|iPad|Windows|Macintosh|Linux/.exec(userAgent)?.[0] ?? 'Browser')
    .trim()
    .slice(0, 60);
}
