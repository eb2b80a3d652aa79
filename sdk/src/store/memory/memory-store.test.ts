import { expect, test } from 'vitest';
import { storeContract } from '../contract.ts';
import { memoryStore } from './memory-store.ts';

test.for(storeContract.map((one) => [one.name, one] as const))('%s', async ([, one]) => {
  await expect(one.run(memoryStore())).resolves.toBeUndefined();
});
