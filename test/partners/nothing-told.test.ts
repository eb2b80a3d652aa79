import { fieldOpsServer } from '@ekbaar/field-ops/server';
import { type Database, nodePlatform, pinoLog, rowsOf, type Server } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorker } from '../../examples/field-ops/src/server/jobs/job-worker.ts';
import { openProviders } from '../../examples/field-ops/src/server/jobs/providers.ts';
import { demoPglite } from '../support/demo-pglite.ts';
import { httpClient, type HttpClient } from '../support/http-client.ts';

// Statements fail, and their errors hold what they were to write.
const clock = () => new Date('2026-11-22T12:00:00Z');
const lines: string[] = [];
const log = pinoLog({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
let database: Database;
let server: Server;
let http: HttpClient;
const query = <Row>(statement: SQL) => rowsOf<Row>(database.db, statement);

beforeAll(async () => {
  database = await demoPglite();
  server = fieldOpsServer(
    database,
    { secret: crypto.randomUUID() },
    { platform: { clock, log }, signIn: { demo: true, proxies: 0 } },
  );
  http = httpClient((await server.listen({ port: 0, host: '127.0.0.1' })).url);
  await query(sql`create function refuse() returns trigger language plpgsql as 'begin raise exception ''no''; end'`);
});
afterAll(() => server.close());

test('neither the log nor the job of one that threw has the customer’s number or message', async () => {
  await query(sql`create trigger refuse before insert on outgoing_messages for each row execute function refuse()`);
  const [row] = await query<{ id: string; agent: string; amount: number; phone: string }>(sql`
    select id, agent_id as agent, amount_paise::int as amount, customer_phone as phone from deliveries
    where tenant = 'pennco' and status = 'pending' order by id limit 1`);
  if (row === undefined) throw new Error('there is a delivery');
  const args = { deliveryId: row.id, amountPaise: row.amount, confirmedAt: '2026-11-22T10:00:00Z' };
  const actor = { tenant: 'pennco', id: row.agent, role: 'agent', claims: {} };
  await server.engine.mutate(actor, { key: crypto.randomUUID(), name: 'confirmDelivery', args });
  const providers = openProviders({ config: {}, development: true, allowedAddresses: [], db: database.db, clock });
  const worker = await startWorker({
    ...{ database, engine: server.engine, providers, platform: { ...nodePlatform, log }, concurrency: 2 },
    ...{ trackDays: 92, auditDays: 400, pollSeconds: 0.5 },
  });
  const reason = async () => {
    const [job] = await query<{ reason: string }>(
      sql`select output->>'reason' as reason from pgboss.job where name = 'sms' and output is not null`,
    );
    return job?.reason;
  };
  await expect.poll(reason).toBe('error: withheld, it may quote data');
  await worker.stop(2000);
  expect(lines.filter((line) => line.includes('a job threw')).length).toBeGreaterThan(0);
  expect(lines.filter((line) => line.includes(row.phone) || line.includes('Rs '))).toEqual([]);
});

test('nor has the log the code of somebody who has forgotten a PIN, where its job cannot be written', async () => {
  await query(sql`create trigger refuse before insert on pgboss.job_common for each row execute function refuse()`);
  lines.length = 0;
  const asked = await http.post('/auth/reset/request', null, { tenant: 'pennco', login: 'a02' });
  expect(asked.status).toBe(200);
  const said = () => lines.find((line) => line.includes('a reset code could not be sent'));
  await expect.poll(said).toBeDefined();
  const [agent] = await query<{ name: string }>(sql`select name from accounts where tenant = 'pennco' and id = 'a02'`);
  if (agent === undefined) throw new Error('a02 is there');
  expect(said()).toContain('withheld');
  for (const told of ['params', '"code":', 'reset_code', agent.name]) expect(said()).not.toContain(told);
});
