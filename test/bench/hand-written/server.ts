/** What a good programmer would write by hand for this one mutation: Hono, postgres.js and as few statements as can be. */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { jwtVerify } from 'jose';
import postgres from 'postgres';
import * as z from 'zod';
import { type Agent, confirmMany, confirmOne } from './confirm.ts';

const { DATABASE_URL = '', JWT_SECRET = '', PORT = '' } = process.env;
const sql = postgres(DATABASE_URL, { max: 10, onnotice: () => {} });
const secret = new TextEncoder().encode(JWT_SECRET);

const Fields = z.object({ amountPaise: z.int().positive(), confirmedAt: z.iso.datetime({ offset: true }) });
const Item = Fields.extend({ key: z.uuid(), deliveryId: z.string().min(1).max(64) });
const Batch = z.object({ confirmations: z.array(Item).min(1).max(500) });

const app = new Hono();
app.get('/healthz', (c) => c.json({ status: 'ok' }));

app.post('/api/v1/deliveries/confirm', async (c) => {
  const agent = await agentOf(c.req.header('authorization'));
  const { confirmations } = read(Batch, await c.req.json());
  return c.json({ receipts: await confirmMany(sql, agent, confirmations) });
});

app.post('/api/v1/deliveries/:id/confirm', async (c) => {
  const agent = await agentOf(c.req.header('authorization'));
  const one = read(Item, {
    ...((await c.req.json()) as object),
    ...{ key: c.req.header('idempotency-key'), deliveryId: c.req.param('id') },
  });
  const receipt = await confirmOne(sql, agent, one);
  return c.json(receipt, receipt.status === 'applied' ? 200 : 422);
});

const server = serve({ fetch: app.fetch, port: Number(PORT), hostname: '127.0.0.1' });
process.once('SIGTERM', () => {
  server.close();
  void sql.end().then(() => process.exit(0));
});

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new HTTPException(400, { message: z.prettifyError(parsed.error) });
  return parsed.data;
}

async function agentOf(authorization = ''): Promise<Agent> {
  try {
    const options = { algorithms: ['HS256'], audience: 'ekbaar', requiredClaims: ['exp', 'sub', 'tenant', 'role'] };
    const { payload } = await jwtVerify(authorization.replace(/^Bearer /, ''), secret, options);
    if (payload['role'] === 'agent') return { tenant: String(payload['tenant']), id: String(payload.sub) };
  } catch (error) {
    throw new HTTPException(401, { message: 'not signed in', cause: error });
  }
  throw new HTTPException(403, { message: 'only agents confirm deliveries' });
}
