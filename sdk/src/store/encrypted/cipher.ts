import { decodeBase64, encodeBase64 } from './base64.ts';

/** The length that AES-GCM was made for. */
const ivBytes = 12;

/**
 * AES-GCM with one key. Each text has a fresh random iv, which goes before it; with 2³² texts of one key (a phone that
 * writes 100,000 values a day needs 117 years for that) it is still unlikely that one comes twice.
 */
export class Cipher {
  readonly #key: CryptoKey;
  readonly #crypto: Crypto;

  constructor(key: CryptoKey, crypto: Crypto) {
    this.#key = key;
    this.#crypto = crypto;
  }

  /** @param place what it is and where it belongs: nowhere else will it be opened. */
  async seal(bytes: Uint8Array<ArrayBuffer>, place: string): Promise<string> {
    const iv = this.#crypto.getRandomValues(new Uint8Array(ivBytes));
    const sealed = new Uint8Array(await this.#crypto.subtle.encrypt(paramsOf(iv, place), this.#key, bytes));
    const whole = new Uint8Array(ivBytes + sealed.length);
    whole.set(iv);
    whole.set(sealed, ivBytes);
    return encodeBase64(whole);
  }

  /** @throws DOMException (OperationError) when it was sealed with another key or for another place, or was altered. */
  async open(text: string, place: string): Promise<Uint8Array<ArrayBuffer>> {
    const whole = decodeBase64(text);
    const params = paramsOf(whole.subarray(0, ivBytes), place);
    return new Uint8Array(await this.#crypto.subtle.decrypt(params, this.#key, whole.subarray(ivBytes)));
  }
}

function paramsOf(iv: Uint8Array<ArrayBuffer>, place: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(place) };
}
