import { type Authenticate, ProblemError } from '@ekbaar/server';
import type { Sql } from 'postgres';

/** The tokens of Django REST Framework, which apps of before have; every other one is for `next`. */
export function djangoTokens(sql: Sql, next: Authenticate): Authenticate {
  return async (request) => {
    const key = /^Token (\w{40})$/.exec(request.headers.get('authorization') ?? '')?.[1];
    if (key === undefined) return next(request);
    const [user] = await sql<{ id: number }[]>`
      select u.id from authtoken_token t join auth_user u on u.id = t.user_id where t.key = ${key} and u.is_active`;
    if (user === undefined) throw new ProblemError('unauthenticated', 'Django does not know this token');
    const actor = { tenant: 'pennco', id: String(user.id), role: 'agent', claims: {} };
    return { actor, expiresAt: new Date(Date.now() + 600_000) };
  };
}
