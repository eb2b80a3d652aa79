import { describe, expect, it } from 'vitest';
import type { DemoAccount } from './demo-account.ts';
import { rememberedAccounts } from './remembered.ts';

function account(sub: string): DemoAccount {
  return { tenant: 'pennco', operator: 'PennCo', role: 'agent', sub, name: sub, regions: ['r1'] };
}

/** As much of the browser's storage as is asked of it. */
function memory(): Storage {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  } as Storage;
}

describe('rememberedAccounts', () => {
  it('remembers who is signed in, and who was', () => {
    const storage = memory();
    const remembered = rememberedAccounts(storage, 'test');
    expect(remembered.current()).toBeNull();
    remembered.signIn(account('a1'));
    remembered.signIn(account('a2'));
    remembered.signIn(account('a1'));
    expect(rememberedAccounts(storage, 'test').current()).toEqual(account('a1'));
    remembered.signOut();
    expect(remembered.current()).toBeNull();
    expect(remembered.used().map(({ sub }) => sub)).toEqual(['a1', 'a2']);
  });

  it('starts anew when something else stands in its place', () => {
    const storage = memory();
    storage.setItem('test', '{"current":7}');
    expect(rememberedAccounts(storage, 'test').current()).toBeNull();
    storage.setItem('test', 'no json');
    expect(rememberedAccounts(storage, 'test').used()).toEqual([]);
  });
});
