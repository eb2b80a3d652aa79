import type { ApiEnv, Database } from '@ekbaar/server';
import { readJson, ProblemError } from '@ekbaar/server';
import { and, asc, eq } from 'drizzle-orm';
import { Hono } from 'hono';
import { SignJWT } from 'jose';
import * as z from 'zod/mini';
import { storable } from './described-route.ts';
import { operators } from './operators.ts';
import { agents } from './tables.ts';

const tokenHours = 12;

const SignIn = z.object({
  tenant: z.string().check(z.maxLength(64), z.refine(storable)),
  sub: z.string().check(z.maxLength(128), z.refine(storable)),
  role: z.enum(['agent', 'ops', 'settlement']),
});

/**
 * Signing in as anybody of the demo day, without a password. Only where the demo day is loaded and the server signs
 * tokens itself.
 */
export function demoAccounts(database: Database, secret: string, clock: () => Date): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get('/demo/accounts', async (c) => {
    const rows = await database.db
      .select()
      .from(agents)
      .where(eq(agents.active, true))
      .orderBy(asc(agents.tenant), asc(agents.id));
    const accounts = operators.flatMap(({ tenant, name: operator }) => [
      ...rows
        .filter((row) => row.tenant === tenant)
        .map(({ id, name, regionId }) => ({
          tenant,
          operator,
          role: 'agent' as const,
          sub: id,
          name,
          regions: [regionId],
        })),
      { tenant, operator, role: 'ops' as const, sub: 'ops', name: `${operator} operations`, regions: ['*'] },
      {
        tenant,
        operator,
        role: 'settlement' as const,
        sub: 'settlement',
        name: `${operator} settlement`,
        regions: ['*'],
      },
    ]);
    return c.json({ accounts });
  });

  app.post('/demo/token', async (c) => {
    const signIn = SignIn.safeParse(await readJson(c.req.raw));
    if (!signIn.success) throw new ProblemError('malformed', 'Send { tenant, sub, role } of one of /demo/accounts');
    const { tenant, sub, role } = signIn.data;
    if (!(await isKnown(signIn.data)))
      throw new ProblemError('forbidden', `The demo day has no ${role} "${sub}" of ${tenant}`);
    const now = clock();
    const expiresAt = new Date(now.getTime() + tokenHours * 3_600_000);
    const token = await new SignJWT({ tenant, role, ...(role === 'agent' ? {} : { regions: ['*'] }) })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(sub)
      .setAudience('ekbaar')
      .setIssuedAt(now)
      .setExpirationTime(expiresAt)
      .sign(new TextEncoder().encode(secret));
    return c.json({ token, expiresAt });
  });

  async function isKnown({ tenant, sub, role }: z.infer<typeof SignIn>): Promise<boolean> {
    if (role !== 'agent') return sub === role && operators.some((operator) => operator.tenant === tenant);
    const found = await database.db
      .select({ id: agents.id })
      .from(agents)
      .where(and(eq(agents.tenant, tenant), eq(agents.id, sub)));
    return found.length === 1;
  }

  return app;
}
