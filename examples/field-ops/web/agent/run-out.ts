import { AuthError } from '../shared/auth-line.ts';
import type { AgentSession } from './agent-session.ts';

/** Asks the server, and once more with a new token where it says only that nobody is signed in: the first one has run out. */
export async function withToken<T>(token: AgentSession['token'], ask: (token: string) => Promise<T>): Promise<T> {
  try {
    return await ask(await token('first'));
  } catch (error) {
    if (!(error instanceof AuthError) || error.status !== 401 || error.issue !== undefined) throw error;
    return ask(await token('expired'));
  }
}
