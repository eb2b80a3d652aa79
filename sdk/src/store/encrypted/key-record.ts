import { StoreBrokenError, StoreTooNewError, WrongKeyError } from '../../errors.ts';
import type { Transaction } from '../store.ts';
import { encodeBase64 } from './base64.ts';
import { Cipher } from './cipher.ts';

/** Where it is in `meta`: the one value there that is not sealed. */
export const keyRecordName = 'encryption';

/**
 * The data key, sealed with the app's key, and what several tabs agree upon. Values are sealed with the data key, so that
 * another key of the app's means one small write, which is there or not: nothing else need be encrypted again.
 */
export interface KeyRecord {
  readonly format: 1;
  /** Another one for another data key. */
  readonly id: string;
  /** The data key, sealed. */
  readonly key: string;
  /** Grows by one with each transaction that writes. */
  readonly revision: number;
  /** True: values from before there was a key may not all be encrypted yet. */
  readonly plain?: boolean;
}

type DataKey = Uint8Array<ArrayBuffer>;

/** The app's keys: what is sealed with a former one is sealed with the present one from then on. */
export interface Keyring {
  readonly key: CryptoKey;
  readonly formerKeys: readonly CryptoKey[];
  readonly crypto: Crypto;
}

/** A data key that is open. */
export interface Vault {
  readonly id: string;
  readonly cipher: Cipher;
}

export async function readKeyRecord(tx: Transaction): Promise<KeyRecord | undefined> {
  return (await tx.get('meta', keyRecordName)) as KeyRecord | undefined;
}

/** A new data key. @param plain there are values already, which are not encrypted. */
export function newKeyRecord(name: string, keyring: Keyring, plain: boolean): Promise<KeyRecord> {
  const { crypto } = keyring;
  const id = encodeBase64(crypto.getRandomValues(new Uint8Array(12)));
  return sealDataKey(name, keyring, crypto.getRandomValues(new Uint8Array(32)), { id, revision: 0, plain });
}

/** Seals the data key with the app's present key. */
export async function sealDataKey(
  name: string,
  { key, crypto }: Keyring,
  dataKey: DataKey,
  { id, revision, plain }: { id: string; revision: number; plain: boolean },
): Promise<KeyRecord> {
  const sealed = await new Cipher(key, crypto).seal(dataKey, placeOf(name, id, plain));
  return { format: 1, id, key: sealed, revision, ...(plain && { plain }) };
}

/**
 * Opens the data key.
 *
 * @returns also the data key itself, and whether it takes sealing anew: a former key has opened it.
 * @throws WrongKeyError
 */
export async function openKeyRecord(
  name: string,
  record: KeyRecord,
  { key, formerKeys, crypto }: Keyring,
): Promise<{ vault: Vault; dataKey: DataKey; former: boolean }> {
  if (record.format > 1) throw new StoreTooNewError(`${name} was encrypted by a later version of the SDK`);
  const { id } = record;
  for (const one of [key, ...formerKeys]) {
    const dataKey = await new Cipher(one, crypto)
      .open(record.key, placeOf(name, id, record.plain === true))
      .catch((error: unknown) => {
        // Not every phone that has WebCrypto has a DOMException.
        const code = (error as { name?: string }).name;
        if (code === 'InvalidCharacterError') throw new StoreBrokenError(`The key record of ${name}`, error);
        // Anything else is not about this key: one that is not for AES-GCM, or not for decrypting.
        if (code !== 'OperationError') throw error;
        return undefined;
      });
    if (!dataKey) continue;
    const usable = await crypto.subtle.importKey('raw', dataKey, 'AES-GCM', false, ['encrypt', 'decrypt']);
    return { vault: { id, cipher: new Cipher(usable, crypto) }, dataKey, former: one !== key };
  }
  throw new WrongKeyError(name);
}

/** What is said beside the key is sealed with it, but for the revision. */
function placeOf(name: string, id: string, plain: boolean): string {
  return JSON.stringify(['ekbaar data key', name, id, plain]);
}
