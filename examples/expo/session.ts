import * as SecureStore from 'expo-secure-store';

/** Who is signed in on this phone. */
export interface Session {
  readonly tenant: string;
  readonly agent: string;
}

const place = 'session';

export async function readSession(): Promise<Session | undefined> {
  const text = await SecureStore.getItemAsync(place, options);
  return text === null ? undefined : (JSON.parse(text) as Session);
}

export async function writeSession(session: Session | undefined): Promise<void> {
  if (session) await SecureStore.setItemAsync(place, JSON.stringify(session), options);
  else await SecureStore.deleteItemAsync(place, options);
}

/** Readable in the background too, once the phone has been unlocked after it was switched on. */
export const options: SecureStore.SecureStoreOptions = {
  keychainAccessible: SecureStore.AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY,
};
