import { describe, expect, it } from 'vitest';
import { AuthError } from '../shared/auth-line.ts';
import { withToken } from './run-out.ts';

const no = (status: number, path?: string) =>
  new AuthError('refused', 'no', { status, ...(path === undefined ? {} : { issue: { path, message: 'wrong' } }) });

/** Asks with a server that answers each try so, and says which tokens it was asked with. */
async function asked(...answers: (AuthError | 'yes')[]) {
  const tokens: string[] = [];
  const outcome = await withToken(
    async (why) => why,
    async (token) => {
      const answer = answers[tokens.push(token) - 1];
      if (answer !== 'yes') throw answer;
      return answer;
    },
  ).catch((error: AuthError) => error.status);
  return { outcome, tokens };
}

describe('withToken', () => {
  it('asks once more with a new token where the first one has run out, and only then', async () => {
    expect(await asked('yes')).toEqual({ outcome: 'yes', tokens: ['first'] });
    expect(await asked(no(401), 'yes')).toEqual({ outcome: 'yes', tokens: ['first', 'expired'] });
    expect(await asked(no(401), no(401))).toEqual({ outcome: 401, tokens: ['first', 'expired'] });
    expect(await asked(no(403, 'old'))).toEqual({ outcome: 403, tokens: ['first'] });
    expect(await asked(no(401, 'secret'))).toEqual({ outcome: 401, tokens: ['first'] });
  });
});
