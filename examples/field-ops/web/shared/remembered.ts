import * as z from 'zod/mini';
import { Account } from './account.ts';

const Remembered = z.object({ current: z.nullable(Account), used: z.array(Account) });
type Remembered = z.infer<typeof Remembered>;

const mostUsed = 6;

/** Where it is kept: `set` resolves when a killed app or a flat battery cannot undo it. */
export interface DurablePlace {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

/** Who is signed in on this device and who was, so that the app opens without a network. Holds no tokens. */
export interface RememberedAccounts {
  current(): Account | null;
  /** Accounts used here before, latest first. */
  used(): Account[];
  /** Resolves when it is safely kept. */
  signIn(account: Account): Promise<void>;
  /** Forgets who is signed in; what that account saved on this device stays. */
  signOut(): Promise<void>;
}

export async function rememberedAccounts(place: DurablePlace, key: string): Promise<RememberedAccounts> {
  const kept = Remembered.safeParse(await place.get(key));
  // Nothing kept yet, or something else's value: the person signs in again.
  let remembered: Remembered = kept.success ? kept.data : { current: null, used: [] };
  const keep = async (next: Remembered): Promise<void> => {
    remembered = next;
    await place.set(key, next);
  };
  return {
    current: () => remembered.current,
    used: () => remembered.used,
    signIn(account) {
      const others = remembered.used.filter((used) => used.tenant !== account.tenant || used.sub !== account.sub);
      return keep({ current: account, used: [account, ...others].slice(0, mostUsed) });
    },
    signOut: () => keep({ ...remembered, current: null }),
  };
}
