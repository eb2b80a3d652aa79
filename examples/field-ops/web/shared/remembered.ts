import * as z from 'zod/mini';
import { DemoAccount } from './demo-account.ts';

const Remembered = z.object({ current: z.nullable(DemoAccount), used: z.array(DemoAccount) });
type Remembered = z.infer<typeof Remembered>;

const mostUsed = 6;

/** Who is signed in on this device and who was, so that the app opens without a network. Holds no tokens. */
export interface RememberedAccounts {
  current(): DemoAccount | null;
  /** Accounts used here before, latest first. */
  used(): DemoAccount[];
  signIn(account: DemoAccount): void;
  /** Forgets who is signed in; what that account saved on this device stays. */
  signOut(): void;
}

export function rememberedAccounts(storage: Storage, key: string): RememberedAccounts {
  const read = (): Remembered => {
    try {
      const parsed = Remembered.safeParse(JSON.parse(storage.getItem(key) ?? ''));
      if (parsed.success) return parsed.data;
    } catch {
      // Nothing kept yet, or something else's text: the person signs in again.
    }
    return { current: null, used: [] };
  };
  const write = (remembered: Remembered): void => storage.setItem(key, JSON.stringify(remembered));
  return {
    current: () => read().current,
    used: () => read().used,
    signIn(account) {
      const others = read().used.filter((used) => used.tenant !== account.tenant || used.sub !== account.sub);
      write({ current: account, used: [account, ...others].slice(0, mostUsed) });
    },
    signOut() {
      write({ ...read(), current: null });
    },
  };
}
