import { expect, test } from 'vitest';
import { idbStore } from './index.ts';

test('where there is no IndexedDB, as on a server that renders the page, it says so', async () => {
  const opening = idbStore()('pennco/a1');
  await expect(opening).rejects.toMatchObject({ code: 'store_blocked' });
  await expect(opening).rejects.toThrow(/pennco\/a1 .* there is no IndexedDB here: make the client in a browser/);
});
