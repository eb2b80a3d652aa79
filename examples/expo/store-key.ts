import { getRandomBytes } from 'expo-crypto';
import * as SecureStore from 'expo-secure-store';
import { options } from './session.ts';

/** The key of this phone's files: made once, kept in the phone's keychain, and nowhere else. */
export async function storeKey(): Promise<string> {
  const kept = await SecureStore.getItemAsync('store-key', options);
  if (kept !== null) return kept;
  const hex = Array.from(getRandomBytes(32), (byte) => byte.toString(16).padStart(2, '0')).join('');
  // Written like this SQLCipher takes it as the key itself, and need not derive one from it at each start.
  const key = `x'${hex}'`;
  await SecureStore.setItemAsync('store-key', key, options);
  return key;
}
