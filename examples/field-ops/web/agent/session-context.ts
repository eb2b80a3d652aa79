import { createContext, use } from 'react';
import type { AgentSession } from './agent-session.ts';
import type { PhoneVaults } from './vault/phone-vault.ts';

interface SignedIn {
  readonly session: AgentSession;
  readonly vaults: PhoneVaults;
  /** Asks for the PIN again. */
  lock(): void;
}

export const SessionContext = createContext<SignedIn | null>(null);

/** Who is signed in. */
export function useSession(): SignedIn {
  const signedIn = use(SessionContext);
  if (!signedIn) throw new Error('useSession: nobody is signed in above this component');
  return signedIn;
}
