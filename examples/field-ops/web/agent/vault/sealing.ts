/** Bytes sealed with AES-GCM, as text. */
export interface SealedText {
  readonly iv: string;
  readonly sealed: string;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** @param iterations kept beside what it sealed, so that a later version may take more */
export async function keyFromPin(pin: string, salt: Bytes, iterations: number): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', new TextEncoder().encode(pin), 'PBKDF2', false, ['deriveKey']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', iterations, salt };
  return crypto.subtle.deriveKey(how, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** A key that seals and opens, and cannot be read again. */
export function importKey(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/** @param place what it is for: it opens nowhere else */
export async function seal(key: CryptoKey, bytes: Bytes, place: string): Promise<SealedText> {
  const iv = randomBytes(12);
  const additionalData = new TextEncoder().encode(place);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, bytes);
  return { iv: toText(iv), sealed: toText(new Uint8Array(sealed)) };
}

/** Undefined: another key has sealed it, or it was for another place. */
export async function open(key: CryptoKey, { iv, sealed }: SealedText, place: string): Promise<Bytes | undefined> {
  const additionalData = new TextEncoder().encode(place);
  try {
    const how = { name: 'AES-GCM', iv: fromText(iv), additionalData };
    return new Uint8Array(await crypto.subtle.decrypt(how, key, fromText(sealed)));
  } catch (error) {
    if (error instanceof DOMException && error.name === 'OperationError') return undefined;
    throw error;
  }
}

export function randomBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** URL-safe base64, without padding. */
export function toText(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

export function fromText(text: string): Bytes {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
}
