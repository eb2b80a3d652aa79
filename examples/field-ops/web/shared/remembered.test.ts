import { describe, expect, it } from 'vitest';
import type { Account } from './account.ts';
import { type DurablePlace, rememberedAccounts } from './remembered.ts';

function account(sub: string): Account {
  return { tenant: 'pennco', operator: 'PennCo', role: 'agent', sub, login: sub, name: sub, regions: ['r1'] };
}

function memory(): DurablePlace {
  const values = new Map<string, unknown>();
  return {
    get: async (key) => structuredClone(values.get(key)),
    set: async (key, value) => void values.set(key, structuredClone(value)),
  };
}

describe('rememberedAccounts', () => {
  it('remembers who is signed in, and who was', async () => {
    const place = memory();
    const remembered = await rememberedAccounts(place, 'test');
    expect(remembered.current()).toBeNull();
    for (const sub of ['a1', 'a2', 'a1']) await remembered.signIn(account(sub));
    expect((await rememberedAccounts(place, 'test')).current()).toEqual(account('a1'));
    await remembered.signOut();
    expect(remembered.current()).toBeNull();
    expect((await rememberedAccounts(place, 'test')).used().map(({ sub }) => sub)).toEqual(['a1', 'a2']);
  });

  it('starts anew when something else stands in its place', async () => {
    const place = memory();
    await place.set('test', { current: 7 });
    const remembered = await rememberedAccounts(place, 'test');
    expect(remembered.current()).toBeNull();
    expect(remembered.used()).toEqual([]);
  });
});
