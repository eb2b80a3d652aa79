import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { memoryStore } from '../memory/index.ts';
import { encryptedStore } from './index.ts';

const page = readFileSync(new URL('../../../../docs/guides/device-security.md', import.meta.url), 'utf8');

test('the page’s way from a PIN to a key works as it stands there', async () => {
  const code = /```js\n(async function keyFromPin[^]*?)```/.exec(page)?.[1];
  if (code === undefined) throw new Error('the page has no keyFromPin');
  const { keyFromPin } = (await import(`data:text/javascript,export ${encodeURIComponent(code)}`)) as {
    keyFromPin(pin: string, salt: Uint8Array): Promise<CryptoKey>;
  };
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const disk = memoryStore();
  const store = await encryptedStore(disk, { key: await keyFromPin('4711 0815', salt) })('s');
  await store.transaction(['log'], 'durable', (tx) => tx.put('log', 1, 'kept'));
  const again = await encryptedStore(disk, { key: await keyFromPin('4711 0815', salt) })('s');
  expect(await again.transaction(['log'], 'read', (tx) => tx.get('log', 1))).toBe('kept');
  const guess = encryptedStore(disk, { key: await keyFromPin('4711 0816', salt) })('s');
  await expect(guess).rejects.toMatchObject({ code: 'wrong_key' });
});
