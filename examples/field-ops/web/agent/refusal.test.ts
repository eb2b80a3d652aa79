import { describe, expect, it } from 'vitest';
import type { AgentMutation } from './client.ts';
import { isNoNews } from './refusal.ts';

const refused = (name: string, state: string, code: string) => ({ name, state, error: { code } }) as AgentMutation;

describe('isNoNews', () => {
  it('is that a day was closed before, and no other refusal', () => {
    expect(isNoNews(refused('closeDay', 'rejected', 'already_closed'))).toBe(true);
    expect(isNoNews(refused('closeDay', 'rejected', 'forbidden'))).toBe(false);
    expect(isNoNews(refused('closeDay', 'dead', 'already_closed'))).toBe(false);
    expect(isNoNews(refused('confirmDelivery', 'rejected', 'already_confirmed'))).toBe(false);
  });
});
