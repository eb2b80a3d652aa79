import { createHash } from 'node:crypto';
import {
  type ApiEnv,
  type Database,
  described,
  openAnswers,
  jsonAnswer,
  parseJson,
  ProblemError,
  readBody,
} from '@ekbaar/server';
import type { Context, Hono } from 'hono';
import * as z from 'zod/mini';
import { fitting } from '../../described-route.ts';
import { enqueue } from '../enqueue.ts';
import type { OpsBoss } from '../ops-boss.ts';
import type { ProvidersConfig, TenantConfig } from '../providers.ts';
import { incomingEvents } from '../tables.ts';
import {
  razorpaySignature,
  type SignedRequest,
  standardSignature,
  stripeSignature,
  type Verify,
  whatsAppSignature,
} from './incoming-signatures.ts';

/** One event out of a request. */
interface Arrived {
  readonly id: string;
  readonly type: string;
  readonly body: object;
}

/** Who may tell us something, and how it is known that it is them. */
interface Source {
  /** As in the path, behind the tenant. */
  readonly name: string;
  readonly verify: Verify;
  secrets(config: TenantConfig, mfi: string): readonly string[];
  events(request: SignedRequest, json: object): readonly Arrived[];
}

const given = (secret: string | undefined) => (secret === undefined ? [] : [secret]);
const field = (value: object, name: string): string => {
  const found: unknown = (value as Record<string, unknown>)[name];
  return typeof found === 'string' ? found.slice(0, 200) : '';
};
const digestOf = (body: Buffer) => createHash('sha256').update(body).digest('hex');

const sources: readonly Source[] = [
  {
    name: 'razorpay',
    verify: razorpaySignature,
    secrets: ({ payment }) => (payment?.kind === 'razorpay' ? given(payment.webhookSecret) : []),
    // The same event has the same id each time it is sent.
    events: ({ header, body }, json) => [
      { id: header('x-razorpay-event-id') ?? digestOf(body), type: field(json, 'event'), body: json },
    ],
  },
  {
    name: 'stripe',
    verify: stripeSignature,
    secrets: ({ payment }) => (payment?.kind === 'stripe' ? given(payment.webhookSecret) : []),
    events: ({ body }, json) => [{ id: field(json, 'id') || digestOf(body), type: field(json, 'type'), body: json }],
  },
  {
    name: 'whatsapp',
    verify: whatsAppSignature,
    secrets: ({ whatsapp }) => given(whatsapp?.appSecret),
    events: (_request, json) => whatsAppStatuses(json),
  },
  {
    name: 'sms',
    verify: standardSignature,
    secrets: ({ incoming }) => incoming.sms,
    events: ({ header, body }, json) => [
      { id: header('webhook-id') ?? digestOf(body), type: field(json, 'type'), body: json },
    ],
  },
  {
    name: 'mfi/:mfi',
    verify: standardSignature,
    secrets: ({ incoming }, mfi) => (Object.hasOwn(incoming.mfi, mfi) ? (incoming.mfi[mfi] ?? []) : []),
    events: ({ header, body }, json) => [
      { id: header('webhook-id') ?? digestOf(body), type: field(json, 'type'), body: json },
    ],
  },
];

const Said = z.custom<object>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'not a JSON object',
);
/** Far above what any of them sends. */
const mostBytes = 256 * 1024;

export interface IncomingOptions {
  readonly database: Database;
  readonly bosses: OpsBoss;
  readonly config: ProvidersConfig;
  readonly clock: () => Date;
}

/**
 * What providers and MFIs tell us: `/api/v1/incoming/{tenant}/…`. A signature stands in for a token. It is checked over the
 * bytes that came; each event is kept once, with a job to work on it, in one transaction, and answered at once.
 */
export function incomingRoutes(app: Hono<ApiEnv>, options: IncomingOptions): void {
  for (const source of sources) {
    const path = `/api/v1/incoming/:tenant/${source.name}`;
    app.post(
      path,
      described((c: Context<ApiEnv>) => receive(c, source, options), operation(source.name)),
    );
  }
  // Meta asks once whether the address is ours, and wants its challenge back.
  const answerChallenge = (c: Context<ApiEnv>) => {
    const { whatsapp } = configOf(options.config, c.req.param('tenant') ?? '') ?? {};
    const token = whatsapp?.verifyToken;
    const asked =
      c.req.query('hub.mode') === 'subscribe' && token !== undefined && c.req.query('hub.verify_token') === token;
    if (!asked) throw new ProblemError('forbidden', 'That is not the token of this operator');
    return c.text(c.req.query('hub.challenge') ?? '');
  };
  app.get('/api/v1/incoming/:tenant/whatsapp', described(answerChallenge, challenge));
}

async function receive(c: Context<ApiEnv>, source: Source, { database, bosses, config, clock }: IncomingOptions) {
  const tenant = c.req.param('tenant') ?? '';
  const mfi = c.req.param('mfi') ?? '';
  const own = configOf(config, tenant);
  const secrets = own === undefined ? [] : source.secrets(own, mfi);
  const request: SignedRequest = { body: await readBody(c.req.raw, mostBytes), header: (name) => c.req.header(name) };
  // The same no for an operator that is not there, one that uses no such provider, and a wrong signature.
  if (!source.verify(request, secrets, clock())) throw new ProblemError('forbidden', 'The signature is not valid');
  // It is kept as it is: what no database can hold is refused here, and none of it kept.
  const body = fitting(Said, parseJson(request.body), 'body');
  const name = source.name.startsWith('mfi/') ? `mfi:${mfi}` : source.name;
  const events = source.events(request, body).map((event) => ({ ...event, id: event.id.slice(0, 300) }));
  const boss = await bosses.boss();
  const fresh = await database.db.transaction(async (tx) => {
    if (events.length === 0) return 0;
    const kept = await tx
      .insert(incomingEvents)
      .values(
        events.map(({ id: eventId, type, body: said }) => {
          return { tenant, source: name, eventId, type: type || 'unknown', body: said, receivedAt: clock() };
        }),
      )
      .onConflictDoNothing()
      .returning({ eventId: incomingEvents.eventId });
    await enqueue(
      boss,
      tx,
      'incoming',
      kept.map(({ eventId }) => ({ data: { tenant, source: name, eventId } })),
    );
    return kept.length;
  });
  return c.json({ received: events.length, fresh });
}

function configOf(config: ProvidersConfig, tenant: string): TenantConfig | undefined {
  return Object.hasOwn(config, tenant) ? config[tenant] : undefined;
}

/** The statuses in what WhatsApp sends, which gathers some; a status of a message comes once. */
function whatsAppStatuses(json: object): Arrived[] {
  const list = (value: unknown, name: string): object[] => {
    const found: unknown =
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
    return Array.isArray(found)
      ? found.filter((item): item is object => typeof item === 'object' && item !== null)
      : [];
  };
  return list(json, 'entry')
    .flatMap((entry) => list(entry, 'changes'))
    .flatMap((change) => list((change as { value?: unknown }).value, 'statuses'))
    .slice(0, 1000)
    .map((status) => ({
      id: `${field(status, 'id')}:${field(status, 'status')}`,
      type: `status.${field(status, 'status')}`,
      body: status,
    }));
}

function operation(name: string) {
  const parameters = ['tenant', ...(name.includes(':mfi') ? ['mfi'] : [])].map((parameter) => {
    return { name: parameter, in: 'path' as const, required: true, schema: { type: 'string' } };
  });
  const answer = { type: 'object', properties: { received: { type: 'integer' }, fresh: { type: 'integer' } } };
  return {
    of: 'operation' as const,
    operation: {
      operationId: `incoming.${name.split('/')[0]}`,
      tags: ['App'] as const,
      summary: `What ${name.split('/')[0]} tells us; signed by it, without a token`,
      parameters,
      requestBody: { required: true as const, content: { 'application/json': { schema: { type: 'object' } } } },
      responses: openAnswers({ 200: jsonAnswer('It is kept', answer) }, [
        'malformed',
        'forbidden',
        'too_large',
        'internal',
      ]),
      security: [],
    },
  };
}

const query = (name: string) => ({ name, in: 'query' as const, required: true, schema: { type: 'string' } });
const challenge = {
  of: 'operation' as const,
  operation: {
    operationId: 'incoming.whatsapp.challenge',
    tags: ['App'] as const,
    summary: 'WhatsApp asks whether the address is ours, with the token that was agreed on',
    parameters: [
      { name: 'tenant', in: 'path' as const, required: true, schema: { type: 'string' } },
      ...['hub.mode', 'hub.verify_token', 'hub.challenge'].map(query),
    ],
    responses: openAnswers(
      { 200: { description: 'Its challenge', content: { 'text/plain': { schema: { type: 'string' } } } } },
      ['forbidden', 'internal'],
    ),
    security: [],
  },
};
