import { createHmac, randomBytes } from 'node:crypto';
import type { Queryable } from '@ekbaar/server';
import { and, eq, gt, isNull } from 'drizzle-orm';
import { lockAccount } from './locked-account.ts';
import { resetCodes } from './tables.ts';

/** Crockford's base 32: no I, L, O or U to misread or mishear. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const length = 8;

/** For how long a code is good, in minutes: asked for by whoever has the phone or the mailbox, or given by operations. */
export const codeMinutes = { sent: 15, shown: 60, invite: 24 * 60 } as const;

/** Codes of 40 bits, kept as a keyed digest: who reads the database cannot try them out. */
export class ResetCodes {
  readonly #key: Buffer;

  constructor(secret: string) {
    this.#key = createHmac('sha256', secret).update('ekbaar field-ops reset codes').digest();
  }

  /** A new code, for example `7K3M-QXA2`; the account's earlier ones are void. */
  async issue(tx: Queryable, now: Date, tenant: string, accountId: string, minutes: number) {
    const bytes = randomBytes(length);
    const digits = Array.from(bytes, (byte) => alphabet[byte % 32]).join('');
    // One after the other: of two at the same moment neither would void the other's.
    await lockAccount(tx, { tenant, id: accountId });
    await voidCodes(tx, now, tenant, accountId);
    const expiresAt = new Date(now.getTime() + minutes * 60_000);
    await tx
      .insert(resetCodes)
      .values({ tenant, accountId, codeHash: this.#digest(digits), createdAt: now, expiresAt });
    return { code: `${digits.slice(0, 4)}-${digits.slice(4)}`, expiresAt };
  }

  /** Whether it was one of the account's that is still good; it and all others are used up then. */
  async use(tx: Queryable, now: Date, tenant: string, accountId: string, typed: string): Promise<boolean> {
    const t = resetCodes;
    const used = await tx
      .update(t)
      .set({ usedAt: now })
      .where(
        and(
          eq(t.tenant, tenant),
          eq(t.accountId, accountId),
          eq(t.codeHash, this.#digest(readCode(typed))),
          isNull(t.usedAt),
          gt(t.expiresAt, now),
        ),
      )
      .returning();
    if (used.length === 0) return false;
    await voidCodes(tx, now, tenant, accountId);
    return true;
  }

  #digest(digits: string): string {
    return createHmac('sha256', this.#key).update(digits).digest('base64url');
  }
}

/** None of the account's codes is good any more. */
export async function voidCodes(tx: Queryable, now: Date, tenant: string, accountId: string): Promise<void> {
  await tx
    .update(resetCodes)
    .set({ usedAt: now })
    .where(and(eq(resetCodes.tenant, tenant), eq(resetCodes.accountId, accountId), isNull(resetCodes.usedAt)));
}

/** As it was read out: small letters, spaces, an O for a nought. */
function readCode(typed: string): string {
  return typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
}
