import { Validator } from '@seriousme/openapi-schema-validator';
import { model } from '@ekbaar/field-ops/model';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addDelivery } from '../protocol/delivery.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import type { HttpAnswer } from '../support/http-client.ts';
import { DescribedAnswers, type Document } from './described-answers.ts';
import { hostile, hostileBodies, hostileCursors } from './hostile.ts';
import { identitySamples } from './identity-samples.ts';
import { jobSamples } from './job-samples.ts';
import { recordSamples } from './record-samples.ts';
import type { Sample, Samples } from './sample.ts';

let ekbaar: FieldOps;
let document: Document;
let described: DescribedAnswers;
const tokens: Record<'agent' | 'ops' | 'settlement', string> = { agent: '', ops: '', settlement: '' };

beforeAll(async () => {
  // Nobody here waits between two requests.
  ekbaar = await startFieldOps({ limits: { rate: () => ({ perSecond: 1e6, burst: 1e6 }) } });
  document = (await ekbaar.get('/openapi.json', null)).body as Document;
  described = new DescribedAnswers(document);
  tokens.agent = await ekbaar.token('a01', 'agent');
  tokens.ops = await ekbaar.token('ops', 'ops');
  tokens.settlement = await ekbaar.token('settlement', 'settlement');
});
afterAll(() => ekbaar.close());

test('it is a valid document of OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate({ ...structuredClone(document) });
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
});

/** Routes that describe the others. */
const aboutItself = ['GET /docs', 'GET /openapi.json'];

test('every route of the server is in it, and nothing else', () => {
  const names = { mutations: Object.keys(model.mutations), collections: Object.entries(model.collections) };
  const routes = ekbaar.server.app.routes
    .filter(({ method }) => method !== 'ALL')
    .flatMap(({ method, path }) => {
      if (path === '/v1/mutations/:name') return names.mutations.map((name) => `${method} /v1/mutations/${name}`);
      if (path === '/v1/collections/:name')
        return names.collections.map(([name]) => `${method} /v1/collections/${name}`);
      if (path === '/v1/collections/:name/:id')
        return names.collections.map(([name, { key }]) => `${method} /v1/collections/${name}/{${key}}`);
      return [`${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`];
    });
  const inIt = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect([...inIt, ...aboutItself].toSorted()).toEqual([...new Set(routes)].toSorted());
  expect(routes.length).toBeGreaterThan(25);
});

const confirmedAt = '2026-11-22T10:04:05.123+05:30';
const place = { lat: 24.69, lng: 84.99, accuracyM: 12, at: confirmedAt };

async function send(operationId: string, { path, token, body }: Sample, headers: Record<string, string> = {}) {
  const { method } = described.places.get(operationId) ?? {};
  const answer =
    method === 'get'
      ? await ekbaar.get(path, token ?? null, headers)
      : await ekbaar.post(path, token ?? null, body ?? {}, headers);
  described.checkAnswer(operationId, answer);
  return answer;
}

/** A delivery of agent a01, under an id of its own. */
const delivery = () => addDelivery(ekbaar);

async function disbursed(): Promise<string> {
  const { id, amountPaise } = await addDelivery(ekbaar, { kind: 'disbursement' });
  await mutate('confirmDelivery', { deliveryId: id, amountPaise, confirmedAt }, tokens.agent);
  return `b-${id}`;
}

function mutate(name: string, args: unknown, token: string): Promise<HttpAnswer> {
  return ekbaar.post(`/v1/mutations/${name}`, token, args, { 'Idempotency-Key': crypto.randomUUID() });
}

/** A mutation that was applied before a restore and is refused now: dead, until its delivery is as it was. */
async function deadLetter(): Promise<{ key: string; mend: () => Promise<unknown> }> {
  const { id, amountPaise } = await delivery();
  const key = crypto.randomUUID();
  const args = { deliveryId: id, amountPaise: amountPaise + 1, confirmedAt };
  const mutation = { id: 1, key, name: 'confirmDelivery', args, at: confirmedAt, model: 1 };
  const { receipts } = await ekbaar.sync(tokens.agent, {
    mutations: [{ ...mutation, receipt: { status: 'applied' } }],
  });
  expect(receipts).toMatchObject([{ status: 'dead' }]);
  return {
    key,
    mend: () => ekbaar.query(sql`update deliveries set amount_paise = ${args.amountPaise} where id = ${id}`),
  };
}

/** For each operation, a request that it answers with what it is for. */
const samples: Samples = {
  sync: async () => {
    const { id, amountPaise } = await delivery();
    const args = { deliveryId: id, amountPaise, confirmedAt };
    const mutation = { id: 1, key: crypto.randomUUID(), name: 'confirmDelivery', args, at: confirmedAt, model: 1 };
    const refused = { ...mutation, id: 2, key: crypto.randomUUID(), args: { ...args, deliveryId: 'nonesuch' } };
    const ids = { request: crypto.randomUUID(), clientId: crypto.randomUUID() };
    const body = { protocol: 1, sentAt: confirmedAt, model: 1, ...ids, mutations: [mutation, refused] };
    return { path: '/v1/sync', token: tokens.agent, body };
  },
  pull: () => ({ path: '/v1/pull?limit=5&scope=agent%3Aa01', token: tokens.agent }),
  healthz: () => ({ path: '/healthz' }),
  readyz: () => ({ path: '/readyz' }),
  metrics: () => ({ path: '/metrics' }),
  'mutate.confirmDelivery': async () => {
    const { id, amountPaise } = await delivery();
    const location = { lat: place.lat, lng: place.lng, accuracyM: 5 };
    const body = { deliveryId: id, amountPaise, confirmedAt, location };
    return { path: '/v1/mutations/confirmDelivery', token: tokens.agent, body };
  },
  'post.api.v1.deliveries.id.confirm': async () => {
    const { id, amountPaise } = await delivery();
    return { path: `/api/v1/deliveries/${id}/confirm`, token: tokens.agent, body: { amountPaise, confirmedAt } };
  },
  'mutate.failDelivery': async () => {
    const body = { deliveryId: (await delivery()).id, reason: 'not_home' };
    return { path: '/v1/mutations/failDelivery', token: tokens.agent, body };
  },
  'mutate.recordLocation': () => ({ path: '/v1/mutations/recordLocation', token: tokens.agent, body: place }),
  'post.api.v1.agents.id.location': () => ({ path: '/api/v1/agents/a01/location', token: tokens.agent, body: place }),
  'mutate.assignDelivery': async () => {
    const body = { deliveryId: (await delivery()).id, agentId: 'a02' };
    return { path: '/v1/mutations/assignDelivery', token: tokens.ops, body };
  },
  'mutate.cancelDelivery': async () => {
    const body = { deliveryId: (await delivery()).id, reason: 'called off' };
    return { path: '/v1/mutations/cancelDelivery', token: tokens.ops, body };
  },
  'mutate.reconcileDisbursement': async () => {
    const body = { disbursementId: await disbursed(), bankRef: 'UTR1', amountPaise: 124_000 };
    return { path: '/v1/mutations/reconcileDisbursement', token: tokens.settlement, body };
  },
  'post.api.v1.disbursements.id.reconcile': async () => {
    const body = { bankRef: 'UTR1', amountPaise: 1 };
    return { path: `/api/v1/disbursements/${await disbursed()}/reconcile`, token: tokens.settlement, body };
  },
  'mutate.closeDay': async () => {
    const token = await ekbaar.token('a03', 'agent');
    const body = { date: '2026-11-22', collectedPaise: 0, disbursedPaise: 0, count: 0 };
    return { path: '/v1/mutations/closeDay', token, body };
  },
  'list.agents': () => ({ path: '/v1/collections/agents?sort=-regionId', token: tokens.ops }),
  'list.deliveries': () => ({
    path: '/v1/collections/deliveries?status=pending&status=failed&limit=3',
    token: tokens.ops,
  }),
  'list.disbursements': () => ({ path: '/v1/collections/disbursements', token: tokens.ops }),
  'list.agentPositions': () => ({ path: '/v1/collections/agentPositions', token: tokens.ops }),
  'get.api.v1.deliveries': () => ({ path: '/api/v1/deliveries?agent=a01&mfi=bfil', token: tokens.ops }),
  'row.agents': () => ({ path: '/v1/collections/agents/a01', token: tokens.ops }),
  'row.deliveries': async () => ({ path: `/v1/collections/deliveries/${(await delivery()).id}`, token: tokens.ops }),
  'row.disbursements': async () => ({ path: `/v1/collections/disbursements/${await disbursed()}`, token: tokens.ops }),
  'row.agentPositions': async () => {
    await mutate('recordLocation', place, tokens.agent);
    return { path: '/v1/collections/agentPositions/a01', token: tokens.ops };
  },
  'get.api.v1.day.close.regions': () => ({ path: '/api/v1/day-close/regions?date=2026-11-22', token: tokens.ops }),
  'get.api.v1.day.close.agents': () => ({ path: '/api/v1/day-close/agents?date=2026-11-22', token: tokens.ops }),
  'get.api.v1.places': () => ({ path: '/api/v1/places', token: tokens.agent }),
  'get.api.v1.agents.id.route': () => ({ path: '/api/v1/agents/a01/route?date=2026-11-22', token: tokens.ops }),
  'post.api.v1.receipts.check': () => ({ path: '/api/v1/receipts/check', token: tokens.ops, body: { text: 'none' } }),
  deadLetters: async () => {
    await deadLetter();
    return { path: '/v1/admin/dead-letters?limit=2', token: tokens.ops };
  },
  receipts: () => ({ path: '/v1/admin/receipts?actor=a01&status=applied', token: tokens.ops }),
  receipt: async () => ({ path: `/v1/admin/receipts/${(await deadLetter()).key}`, token: tokens.ops }),
  audit: () => ({ path: '/v1/admin/audit', token: tokens.ops }),
  retryDeadLetter: async () => {
    const { key, mend } = await deadLetter();
    await mend();
    return { path: `/v1/admin/dead-letters/${key}/retry`, token: tokens.ops };
  },
  closeDeadLetter: async () => {
    const body = { reason: 'paid by hand' };
    return { path: `/v1/admin/dead-letters/${(await deadLetter()).key}/close`, token: tokens.ops, body };
  },
};

const withKey = (operationId: string) =>
  described.places.get(operationId)?.operation.parameters?.some(({ name }) => name === 'Idempotency-Key') === true
    ? { 'Idempotency-Key': crypto.randomUUID() }
    : undefined;

Object.assign(
  samples,
  identitySamples(() => ekbaar, tokens),
  jobSamples(
    () => ekbaar,
    () => tokens.ops,
  ),
  recordSamples(
    () => ekbaar,
    () => tokens.ops,
  ),
);

/**
 * The event stream does not end, what others tell us is signed, and settlement and exports are about files that a worker
 * has to have read or written: they have tests of their own.
 */
const elsewhere = /^events$|^incoming\.|\.v1\.(settlement|exports)(\.|$)/;
const answering = () => [...described.places.keys()].filter((operationId) => !elsewhere.test(operationId));

/** The status of an operation that does what it is for. */
const goodStatus = (operationId: string) =>
  Object.keys(described.places.get(operationId)?.operation.responses ?? {})
    .map(Number)
    .find((status) => status < 300);

test('every operation answers as it is described', async () => {
  expect(answering().toSorted(), 'an operation without a sample').toEqual(Object.keys(samples).toSorted());
  for (const operationId of answering()) {
    const sample = await samples[operationId]?.();
    if (sample === undefined) continue;
    if (described.places.get(operationId)?.operation.requestBody !== undefined)
      described.checkBody(operationId, sample.body);
    const headers = withKey(operationId);
    const answer = await send(operationId, sample, headers);
    expect([operationId, answer.status]).toEqual([operationId, goodStatus(operationId)]);
    if (headers === undefined || sample.body === place) continue;
    const again = await send(operationId, sample, headers);
    expect([operationId, again.status, again.headers.get('Idempotency-Replayed')]).toEqual([operationId, 200, 'true']);
  }
});

test('what is refused is answered as it is described', async () => {
  for (const operationId of answering()) {
    const sample = await samples[operationId]?.();
    const { operation } = described.places.get(operationId) ?? {};
    if (sample === undefined || operation === undefined) continue;
    const headers = withKey(operationId) ?? {};
    const expected = async (status: number, given: Partial<Sample>, more: Record<string, string> = {}) => {
      const answer = await send(operationId, { ...sample, ...given }, { ...headers, ...more });
      expect([operationId, answer.status, answer.text.slice(0, 200)]).toEqual([operationId, status, expect.anything()]);
    };
    if (operation.security === undefined) {
      await expected(401, { token: 'none' });
      await expected(401, { token: await ekbaar.token('a01', 'agent', 'pennco', { exp: 1 }) });
    }
    if (operation.requestBody !== undefined) {
      await expected(400, { body: '{' });
      await expected(413, { body: 'x'.repeat(1024 * 1024 + 1) });
      await expected(415, {}, { 'Content-Encoding': 'br' });
    }
    if (operationId.startsWith('list.') || operationId === 'pull' || operationId === 'receipts')
      await expected(400, { path: `${sample.path.split('?')[0]}?limit=none` });
    if (operationId.startsWith('row.')) await expected(404, { path: `${sample.path}-none` });
    if (sample.path.includes('/admin/') || sample.path.startsWith('/auth/accounts'))
      await expected(403, { token: tokens.agent });
    if ('Idempotency-Key' in headers) {
      const {
        deliveryId: _,
        amountPaise: __,
        count: ___,
        lat: ____,
        reason: _____,
        ...tooLittle
      } = Object(sample.body);
      await expected(400, { body: { ...tooLittle, bankRef: 1 } });
      // This one's own rule comes first: nobody says where somebody else is.
      const refused = operationId === 'post.api.v1.agents.id.location' ? 403 : 422;
      await expected(refused, { token: await ekbaar.token('nobody', 'nobody') });
    }
  }
});

test('whatever a question has for a value, the server does not fail at it', async () => {
  // So that the lists have something in them.
  await disbursed();
  await ekbaar.post('/api/v1/exports', tokens.ops, { kind: 'deliveries', format: 'csv', filters: {} });
  const failed = new Set<string>();
  let asked = 0;
  for (const { method, path, operation } of described.places.values()) {
    const names = (place: string) =>
      (operation.parameters ?? []).filter((one) => one.in === place).map(({ name }) => name);
    if (method !== 'get' || operation.operationId === 'events') continue;
    const ask = async (route: string, query: Record<string, string>) => {
      const url = `${route}?${new URLSearchParams(query)}`;
      for (const token of Object.values(tokens)) {
        asked += 1;
        const answer = await ekbaar.get(url, token);
        if (answer.status >= 500) failed.add(`${answer.status} ${url.slice(0, 200)}`);
        if (answer.status !== 403) return answer;
      }
      return undefined;
    };
    const filled = (value: string) => path.replaceAll(/\{\w+\}/g, value);
    if (names('path').length > 0)
      for (const value of hostile.slice(0, 6)) await ask(filled(encodeURIComponent(value.toWellFormed()) || '-'), {});
    for (const name of names('query')) {
      for (const value of hostile) await ask(filled('a01'), { [name]: value });
      if (name !== 'cursor' && name !== 'before') continue;
      const page = await ask(filled('a01'), names('query').includes('limit') ? { limit: '1' } : {});
      for (const cursor of hostileCursors(Object(page?.body).next)) await ask(filled('a01'), { [name]: cursor });
    }
  }
  expect([...failed]).toEqual([]);
  expect(asked).toBeGreaterThan(2_000);
}, 300_000);

test('whatever a body has for a value, the server does not fail at it', async () => {
  const failed = new Set<string>();
  for (const operationId of answering()) {
    const sample = await samples[operationId]?.();
    if (sample?.body === undefined || operationId.startsWith('auth.')) continue;
    for (const body of hostileBodies(sample.body)) {
      const answer = await ekbaar.post(sample.path, sample.token ?? null, body, withKey(operationId) ?? {});
      if (answer.status >= 500) failed.add(`${answer.status} ${operationId} ${JSON.stringify(body).slice(0, 300)}`);
    }
  }
  expect([...failed]).toEqual([]);
});

test('refusals of their own', async () => {
  const { id, amountPaise } = await delivery();
  const key = { 'Idempotency-Key': crypto.randomUUID() };
  const confirming = { path: '/v1/mutations/confirmDelivery', token: tokens.agent };
  const args = { deliveryId: id, amountPaise, confirmedAt };
  const codes = async (operationId: string, sample: Sample, headers = {}) => {
    const { status, body } = await send(operationId, sample, headers);
    return [status, (body as { code?: string }).code ?? (body as { error: { code: string } }).error.code];
  };
  expect(await codes('mutate.confirmDelivery', { ...confirming, body: args })).toEqual([
    400,
    'idempotency_key_required',
  ]);
  expect(await codes('mutate.confirmDelivery', { ...confirming, body: { ...args, amountPaise: 1 } }, key)).toEqual([
    422,
    'amount_mismatch',
  ]);
  expect(await codes('mutate.confirmDelivery', { ...confirming, body: args }, key)).toEqual([422, 'key_reused']);
  expect(
    await codes('post.api.v1.agents.id.location', {
      path: '/api/v1/agents/a02/location',
      token: tokens.agent,
      body: place,
    }),
  ).toEqual([403, 'forbidden']);
  const { body } = (await samples['sync']?.()) ?? {};
  const sync = (more: object, token = tokens.agent) =>
    codes('sync', { path: '/v1/sync', token, body: { ...Object(body), ...more } });
  await send('sync', { path: '/v1/sync', token: tokens.agent, body });
  expect(await sync({}, await ekbaar.token('a02', 'agent'))).toEqual([403, 'client_owned_by_another']);
  const dead = await deadLetter();
  const retry = { path: `/v1/admin/dead-letters/${dead.key}/retry`, token: tokens.ops };
  await dead.mend();
  await send('retryDeadLetter', retry);
  expect(await codes('retryDeadLetter', retry)).toEqual([409, 'not_dead']);
});

test('the event stream begins as it is described', async () => {
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${tokens.agent}` };
  const stream = await fetch(`${ekbaar.url}/v1/events`, { headers, signal: stop.signal });
  const { status, headers: sent } = stream;
  described.checkAnswer('events', { status, headers: sent, text: '', body: undefined });
  expect(described.seen).toContain('events 200');
  stop.abort();
});

test('the checks can fail', () => {
  const json = (status: number, body: unknown, type = 'application/json'): HttpAnswer => ({
    ...{ status, body, text: JSON.stringify(body), headers: new Headers({ 'content-type': type }) },
  });
  const check = (answer: HttpAnswer) => () => described.checkAnswer('row.deliveries', answer);
  expect(check(json(200, { id: 'd1' }))).toThrow(/required/);
  expect(check(json(404, { type: 't', title: 't', status: 404, code: 'gone' }, 'application/problem+json'))).toThrow(
    /enum/,
  );
  expect(check(json(418, {}))).toThrow(/status/);
  expect(check(json(200, {}, 'text/html'))).toThrow(/content type/);
});
