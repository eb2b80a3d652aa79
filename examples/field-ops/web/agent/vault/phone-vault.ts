import * as z from 'zod/mini';
import type { Account } from '../../shared/account.ts';
import type { DurablePlace } from '../../shared/remembered.ts';
import { afterWrong, noTries, waitOf } from './pin-tries.ts';
import { fromText, importKey, keyFromPin, open, randomBytes, seal, toText } from './sealing.ts';

/** How slow guessing a PIN is for who has copied the files: some 0.3 s on a cheap phone; OWASP's figure of 2023. */
const iterations = 600_000;

const text = z.string().check(z.minLength(1), z.maxLength(4000));
const Sealed = z.object({ iv: text, sealed: text });
const Kept = z.object({
  salt: text,
  iterations: z.int(),
  /** The data key, sealed with the PIN's key; and with the one that the server keeps for this phone and account. */
  byPin: Sealed,
  byEscrow: Sealed,
  tries: z.object({ wrong: z.int(), waitUntil: z.number() }),
  /** Of a demo account: opened without being asked. */
  demoPin: z.nullable(text),
});
type Kept = z.infer<typeof Kept>;

/** Written apart from the keys, and only by whoever renews: a tab that unlocks must not write back an old token. */
const KeptSession = z.object({
  /** The refresh token and the attempt to renew it, sealed with the data key. */
  renewal: z.nullable(Sealed),
  /** Why the server ended the session, if it did. */
  ended: z.nullable(z.enum(['sign_in_again', 'revoked'])),
});
export type Ended = NonNullable<z.infer<typeof KeptSession>['ended']>;

const Renewal = z.object({ token: text, attempt: z.nullable(text) });
/** What renews the access token: the refresh token, and the attempt that is under way. */
export type Renewal = z.infer<typeof Renewal>;

/** What became of a PIN. */
export type Unlocking =
  | { readonly outcome: 'open'; readonly vault: OpenVault }
  | { readonly outcome: 'wrong'; readonly waitMs: number };

/**
 * What an account keeps on this phone besides its data: the data key, twice sealed, and the session. The PIN opens it
 * without a network. After a PIN was reset, the server's half opens it: only an online sign-in gets that, and it is never
 * kept here. Neither half is of use alone.
 */
export class PhoneVaults {
  readonly #place: DurablePlace;
  readonly #now: () => number;

  constructor(place: DurablePlace, now: () => number) {
    this.#place = place;
    this.#now = now;
  }

  /** A random name of this install, the same for ever. */
  async phoneId(): Promise<string> {
    const kept = z.safeParse(text, await this.#place.get('phone'));
    if (kept.success) return kept.data;
    const fresh = toText(randomBytes(16));
    await this.#place.set('phone', fresh);
    return fresh;
  }

  /** What is known without the PIN; null: this account was never used here. */
  async look(account: Account): Promise<{ demoPin: string | null; waitMs: number } | null> {
    const kept = await this.#read(account);
    return kept && { demoPin: kept.demoPin, waitMs: waitOf(kept.tries, this.#now()) };
  }

  /** Opens it with the PIN, without a network. Counts the try before it is made: closing the app saves nobody one. */
  async unlock(account: Account, pin: string): Promise<Unlocking> {
    const kept = await this.#read(account);
    if (!kept) return { outcome: 'wrong', waitMs: 0 };
    const waiting = waitOf(kept.tries, this.#now());
    if (waiting > 0) return { outcome: 'wrong', waitMs: waiting };
    const tries = afterWrong(kept.tries, this.#now());
    await this.#write(account, { ...kept, tries });
    const raw = await openByPin(account, kept, pin);
    if (!raw) return { outcome: 'wrong', waitMs: waitOf(tries, this.#now()) };
    await this.#write(account, { ...kept, tries: noTries });
    return { outcome: 'open', vault: await this.#open(account, raw) };
  }

  /**
   * After signing in online. What was on this phone before stays readable, also under a new PIN.
   *
   * @returns undefined: neither the PIN nor the server opens what is here; nothing was changed
   */
  async signedIn(
    account: Account,
    { pin, escrowKey, refreshToken, isDemo }: { pin: string; escrowKey: string; refreshToken: string; isDemo: boolean },
  ): Promise<OpenVault | undefined> {
    const before = await this.#read(account);
    const escrow = await importKey(fromText(escrowKey));
    const place = placeOf(account);
    const raw = before
      ? ((await open(escrow, before.byEscrow, place)) ?? (await openByPin(account, before, pin)))
      : randomBytes(32);
    if (!raw) return undefined;
    const kept: Kept = {
      ...(await sealedByPin(account, raw, pin)),
      byEscrow: await seal(escrow, raw, place),
      ...{ tries: noTries, demoPin: isDemo ? pin : null },
    };
    await this.#write(account, kept);
    const vault = await this.#open(account, raw);
    await vault.keepRenewal({ token: refreshToken, attempt: null });
    return vault;
  }

  /** The server has taken another PIN. @returns false: the old one is not right */
  async changePin(account: Account, old: string, pin: string): Promise<boolean> {
    const kept = await this.#read(account);
    const raw = kept && (await openByPin(account, kept, old));
    if (!kept || !raw) return false;
    await this.#write(account, { ...kept, ...(await sealedByPin(account, raw, pin)), demoPin: null });
    return true;
  }

  async #open(account: Account, raw: Uint8Array<ArrayBuffer>): Promise<OpenVault> {
    const key = await importKey(raw);
    const place = `session ${account.tenant} ${account.sub}`;
    const read = async () => {
      const kept = KeptSession.safeParse(await this.#place.get(place));
      return kept.success ? kept.data : { renewal: null, ended: null };
    };
    return {
      key,
      async readRenewal() {
        const { renewal } = await read();
        const opened = renewal && (await open(key, renewal, place));
        return opened ? Renewal.parse(JSON.parse(new TextDecoder().decode(opened))) : null;
      },
      keepRenewal: async (renewal) => {
        const bytes = new TextEncoder().encode(JSON.stringify(renewal));
        await this.#place.set(place, { renewal: renewal && (await seal(key, bytes, place)), ended: null });
      },
      readEnded: async () => (await read()).ended,
      keepEnded: (ended) => this.#place.set(place, { renewal: null, ended }),
    };
  }

  async #read(account: Account): Promise<Kept | null> {
    const kept = Kept.safeParse(await this.#place.get(placeOf(account)));
    return kept.success ? kept.data : null;
  }

  #write(account: Account, kept: Kept): Promise<void> {
    return this.#place.set(placeOf(account), kept);
  }
}

/** A vault that the PIN has opened. */
export interface OpenVault {
  /** For the store. */
  readonly key: CryptoKey;
  readRenewal(): Promise<Renewal | null>;
  /** Null: signed out. */
  keepRenewal(renewal: Renewal | null): Promise<void>;
  readEnded(): Promise<Ended | null>;
  /** The server has ended the session: its token is of no use any more. */
  keepEnded(ended: Ended): Promise<void>;
}

async function sealedByPin(account: Account, raw: Uint8Array<ArrayBuffer>, pin: string) {
  const salt = randomBytes(16);
  const byPin = await seal(await keyFromPin(pin, salt, iterations), raw, placeOf(account));
  return { salt: toText(salt), iterations, byPin };
}

async function openByPin(account: Account, { salt, byPin, ...kept }: Kept, pin: string) {
  return open(await keyFromPin(pin, fromText(salt), kept.iterations), byPin, placeOf(account));
}

function placeOf({ tenant, sub }: Account): string {
  return `vault ${tenant} ${sub}`;
}
