import { sql } from 'drizzle-orm';
import type { FieldOps } from '../support/field-ops.ts';
import type { Samples } from './sample.ts';

/** For each operation of jobs, messages, payouts and webhooks, a request that it answers with what it is for. */
export function jobSamples(ekbaar: () => FieldOps, token: () => string): Samples {
  const get = (path: string) => () => ({ path, token: token() });
  const message = async () => {
    const id = crypto.randomUUID();
    await ekbaar().query(
      sql`insert into outgoing_messages (tenant, id, channel, delivery_id, recipient, body, status, created_at, changed_at)
          values ('pennco', ${id}, 'sms', 'd0001', '+919876543210', 'hello', 'skipped', now(), now())`,
    );
    return `/api/v1/messages/${id}`;
  };
  const deadLetter = async () => {
    const id = crypto.randomUUID();
    const data = JSON.stringify({ tenant: 'pennco', key: crypto.randomUUID() });
    await ekbaar().query(
      sql`insert into pgboss.job (id, name, source_name, data) values (${id}::uuid, 'sms-dead', 'sms', ${data}::text::jsonb)`,
    );
    return `/api/v1/jobs/dead-letters/sms/${id}`;
  };
  const endpoint = async () => {
    const body = { mfiId: 'bfil', url: 'https://8.8.8.8/events' };
    const added = await ekbaar().post('/api/v1/webhooks/endpoints', token(), body);
    return `/api/v1/webhooks/endpoints/${(added.body as { endpoint: { id: string } }).endpoint.id}`;
  };
  const to = async (path: Promise<string>, below: string, body?: unknown) => ({
    ...{ path: `${await path}${below}`, token: token() },
    ...(body === undefined ? {} : { body }),
  });
  return {
    'get.api.v1.jobs': get('/api/v1/jobs?queue=sms'),
    'get.api.v1.jobs.dead.letters': async () => {
      await deadLetter();
      return get('/api/v1/jobs/dead-letters')();
    },
    'post.api.v1.jobs.dead.letters.queue.id.retry': () => to(deadLetter(), '/retry'),
    'post.api.v1.jobs.dead.letters.queue.id.close': () => to(deadLetter(), '/close', { reason: 'called' }),
    'get.api.v1.messages': async () => {
      await message();
      return get('/api/v1/messages')();
    },
    'get.api.v1.messages.id': () => to(message(), ''),
    'post.api.v1.messages.id.send': () => to(message(), '/send'),
    'get.api.v1.payouts': get('/api/v1/payouts'),
    'get.api.v1.payout.accounts': get('/api/v1/payout-accounts'),
    'post.api.v1.payout.accounts.agent': () => ({
      ...{ path: '/api/v1/payout-accounts/a01', token: token(), body: { destination: 'fa_1' } },
    }),
    'get.api.v1.incoming.events': async () => {
      await ekbaar().query(
        sql`insert into incoming_events (tenant, source, event_id, type, body, received_at)
            values ('pennco', 'stripe', ${crypto.randomUUID()}, 'payout.paid', '{}', now())`,
      );
      return get('/api/v1/incoming-events')();
    },
    'get.api.v1.webhooks.endpoints': get('/api/v1/webhooks/endpoints'),
    'post.api.v1.webhooks.endpoints': () => ({
      ...{ path: '/api/v1/webhooks/endpoints', token: token(), body: { mfiId: 'lnt', url: 'https://8.8.8.8/events' } },
    }),
    'post.api.v1.webhooks.endpoints.id.change': () => to(endpoint(), '/change', { enabled: false }),
    'post.api.v1.webhooks.endpoints.id.remove': () => to(endpoint(), '/remove'),
    'post.api.v1.webhooks.endpoints.id.secrets': () => to(endpoint(), '/secrets', { overlapHours: 1 }),
    'post.api.v1.webhooks.endpoints.id.replay': () => to(endpoint(), '/replay', { from: confirmedAt }),
  };
}

const confirmedAt = '2026-11-22T10:04:05.123+05:30';
