import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { createClient } from '@ekbaar/sdk';
import { Problem } from '@ekbaar/sdk/protocol';
import { memoryStore } from '@ekbaar/sdk/store/memory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { model } from '../../examples/field-ops/src/model.ts';
import { optimistic } from '../../examples/field-ops/src/optimistic.ts';
import { dueOf, type HonestPhone, honestPhone } from '../overload/honest-phone.ts';
import { confirm } from '../protocol/delivery.ts';
import { mutation } from '../protocol/device.ts';
import { openEvents } from '../protocol/event-stream.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { readBooks } from '../support/books.ts';
import { type FieldOpsProcess, secret, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { httpClient } from '../support/http-client.ts';
import { checkSite, haveNginx, type Nginx, startNginx } from '../support/nginx.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

const token = bearerTokens(secret);
const patience = { timeout: 30_000 };
const phones = 4;

describe.skipIf(!haveNginx())('behind nginx, as in examples/field-ops/deploy', () => {
  let database: FreshDatabase;
  let nodes: FieldOpsProcess[];
  let nginx: Nginx;
  let agents: string[];
  /** Deliveries of each agent that are still to be confirmed. */
  let due: { id: string; amountPaise: number }[][];

  beforeAll(async () => {
    database = await freshDatabase();
    const environment = {
      DATABASE_URL: database.url,
      EKBAAR_SEED_AGENTS: String(phones),
      EKBAAR_SEED_DELIVERIES: '1200',
      EKBAAR_DRAIN_SECONDS: '1',
    };
    // One after the other, so that the ports are not the same one.
    nodes = [await startFieldOpsProcess(await freePort(), environment)];
    nodes.push(await startFieldOpsProcess(await freePort(), environment));
    nginx = await startNginx(ports());
    agents = await Promise.all(Array.from({ length: phones }, (_, at) => token(`a0${at + 1}`, 'agent')));
    due = await Promise.all(agents.map((agent) => dueOf(nginx.url, agent)));
  });

  afterAll(async () => {
    await nginx?.stop();
    for (const node of nodes ?? []) await node.kill();
    await database?.drop();
  });

  const node = (at: number): FieldOpsProcess => {
    const found = nodes[at];
    if (found === undefined) throw new Error(`no node ${at}`);
    return found;
  };
  const ports = (): [number, number] => [node(0).port, node(1).port];
  const agent = (at: number) => agents[at] ?? '';
  const next = (at: number, count: number) => (due[at] ?? []).splice(0, count);
  const push = (...mutations: ReturnType<typeof mutation>[]) => ({
    ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date().toISOString(), model: 1 },
    ...{ clientId: crypto.randomUUID(), mutations, ack: 0, cursor: null },
  });

  test('nginx takes the site for a host, with TLS', async () => {
    expect(await checkSite()).toContain('test is successful');
  });

  test('pokes pass as they are written, from both nodes', async () => {
    // `least_conn` gives each node one.
    const streams = [await openEvents(nginx.url, agent(0)), await openEvents(nginx.url, agent(0))];
    const [delivery] = next(0, 1);
    if (delivery === undefined) throw new Error('nothing to confirm');
    await httpClient(nginx.url).post('/v1/sync', agent(0), push(mutation(1, confirm(delivery))));
    for (const stream of streams) {
      expect(stream.response.headers.get('content-type')).toContain('text/event-stream');
      await expect.poll(() => stream.pokes().flatMap((scopes) => Object.keys(scopes)), patience).toContain('agent:a01');
      stream.close();
    }
  });

  test('a stream may be silent for longer than an answer may take', async () => {
    const impatient = await startNginx(ports(), { 'proxy_read_timeout 120s': 'proxy_read_timeout 1s' });
    try {
      const stream = await openEvents(impatient.url, agent(0));
      await sleep(2500);
      const [delivery] = next(0, 1);
      if (delivery === undefined) throw new Error('nothing to confirm');
      await httpClient(nginx.url).post('/v1/sync', agent(0), push(mutation(1, confirm(delivery))));
      await expect.poll(() => stream.pokes().length, patience).toBeGreaterThan(0);
      stream.close();
    } finally {
      await impatient.stop();
    }
  });

  test('gzip passes both ways, and the answer has the name that the log has', async () => {
    const [delivery] = next(0, 1);
    if (delivery === undefined) throw new Error('nothing to confirm');
    const body = await promisify(gzip)(JSON.stringify(push(mutation(1, confirm(delivery)))));
    const answer = await httpClient(nginx.url).post('/v1/sync', agent(0), body, { 'content-encoding': 'gzip' });
    expect(answer.body).toMatchObject({ receipts: [{ id: 1, status: 'applied' }] });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
  });

  test.for([
    ['1.1 MiB, by the node', 1.1],
    ['3 MiB, by nginx', 3],
  ] as const)('a body that is too large is refused in words that the SDK understands: %s', async ([, mebibytes]) => {
    const answer = await httpClient(nginx.url).post('/v1/sync', agent(0), 'x'.repeat(mebibytes * 1024 * 1024));
    expect(answer.status).toBe(413);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(Problem.parse(answer.body)).toMatchObject({ code: 'too_large', status: 413 });
  });

  test('a body that is too large only when unpacked is refused by the node', async () => {
    const bomb = await promisify(gzip)('x'.repeat(20 * 1024 * 1024));
    const answer = await httpClient(nginx.url).post('/v1/sync', agent(0), bomb, { 'content-encoding': 'gzip' });
    expect(answer).toMatchObject({ status: 413, body: { code: 'too_large' } });
  });

  test('a cursor as long as the protocol allows passes in the URL', async () => {
    const path = `/v1/pull?cursor=${'A'.repeat(512 * 1024)}`;
    const direct = await httpClient(node(0).url).get(path, agent(0));
    const passed = await httpClient(nginx.url).get(path, agent(0));
    expect(passed.status).toBe(direct.status);
    // The node's own word on that cursor, not nginx's.
    expect(passed.body).toMatchObject({ detail: (direct.body as { detail: string }).detail });
  });

  test('metrics and the admin API are only reached from inside, however their names are written', async () => {
    const ops = await token('ops', 'ops');
    expect((await httpClient(node(0).url).get('/metrics', null)).text).toContain('ekbaar_');
    expect((await httpClient(node(0).url).get('/v1/admin/dead-letters', ops)).status).toBe(200);
    const targets = ['/metrics', '/v1/admin/dead-letters'].flatMap((path) => {
      const [first, second] = [path.slice(1, 2), path.slice(2)] as const;
      return [
        path,
        `${path}/`,
        `${path}?x=1`,
        `${path}#x`,
        `/${path}`,
        `/.${path}`,
        `/x/..${path}`,
        `/x/..%2f${path.slice(1)}`,
        `/x/%2e%2e${path}`,
        `/%2e${path}`,
        `/%${first.charCodeAt(0).toString(16)}${second}`,
        path.replaceAll('/', '%2f'),
        `/x/..\\${path.slice(1)}`,
        path.replaceAll('/', '\\'),
        `/${path.slice(1).replaceAll('/', '\\')}`,
        `/${path.replaceAll('/', '\\')}`,
        path.replaceAll('/', '%5c'),
        path.replaceAll('/', '/./'),
        path.replaceAll('/', '/\t'),
        `http://127.0.0.1:${nginx.port}${path}`,
        `http://127.0.0.1:${nginx.port}\\${path.slice(1)}`,
      ];
    });
    const seen = await Promise.all(
      targets.map(async (target) => `${target} ${/ekbaar_|"deadLetters"/.test(await ask(nginx.port, target, ops))}`),
    );
    expect(seen.filter((line) => line.endsWith(' true'))).toEqual([]);
    // What stands beside them is public.
    expect(await ask(nginx.port, '/healthz', ops)).toContain('{"status":"ok"}');
  });

  test(
    'the nodes are restarted one after the other under load: the phones notice nothing',
    { timeout: 120_000 },
    async () => {
      const before = await readBooks(database.url, 'pennco');
      const line = agents.map((each, at) => honestPhone(nginx.url, each, next(at, 250), { pauseMs: 100 }));
      await expect.poll(() => appliedOf(line), patience).toBeGreaterThan(phones * 3);
      for (const each of nodes) {
        expect(await each.stop()).toBe(0);
        await each.start();
        await allMoveOn(line);
      }
      // Nobody has a say in this one: what was under way there is done again by the other node.
      await node(0).kill();
      await allMoveOn(line);
      await node(0).start();
      for (const phone of line) phone.stop();
      await Promise.all(line.map(({ done }) => done));

      expect(line.map(({ refusals }) => refusals)).toEqual(line.map(() => ({})));
      expect(await readBooks(database.url, 'pennco')).toMatchObject({
        confirmed: before.confirmed + appliedOf(line),
        receipts: { applied: (before.receipts['applied'] ?? 0) + appliedOf(line) },
        unbalanced: 0,
      });
    },
  );

  test('502 and 504 are pages of nginx: the SDK believes neither, and sends until it has a receipt', async () => {
    const impatient = await startNginx(ports(), { 'proxy_read_timeout 120s': 'proxy_read_timeout 1s' });
    const client = await createClient({
      ...{ model, optimistic, store: memoryStore() },
      url: impatient.url,
      actor: { tenant: 'pennco', id: 'a02' },
      token: () => agent(1),
    });
    const statusNow = async () => (await fetch(`${impatient.url}/healthz`)).status;
    // On a slow machine a good answer may take longer than this nginx waits, too.
    const synced = () =>
      client.sync().then(
        () => true,
        () => false,
      );
    const notBelieved = async () => {
      await client.sync().catch(() => {});
      expect(client.status.get().lastError?.code).toBe('not_an_answer');
    };
    try {
      await expect.poll(synced, patience).toBe(true);
      const before = await readBooks(database.url, 'pennco');
      const [delivery] = next(1, 1);
      if (delivery === undefined) throw new Error('nothing to confirm');
      // They hang with the request in their hands: whether they will do it, nginx cannot say.
      for (const { pid } of nodes) process.kill(pid, 'SIGSTOP');
      const { id: deliveryId, amountPaise } = delivery;
      const saved = await client.mutate('confirmDelivery', {
        ...{ deliveryId, amountPaise, confirmedAt: '2026-11-23T05:00:00.000Z' },
      });
      expect(await statusNow()).toBe(504);
      await notBelieved();
      for (const { pid } of nodes) process.kill(pid, 'SIGCONT');
      for (const each of nodes) await each.kill();
      await expect.poll(statusNow, patience).toBe(502);
      await notBelieved();
      for (const each of nodes) await each.start();
      await expect.poll(synced, patience).toBe(true);
      expect((await saved.confirmed).state).toBe('applied');
      expect(await readBooks(database.url, 'pennco')).toMatchObject({ confirmed: before.confirmed + 1, unbalanced: 0 });
    } finally {
      await client.close();
      await impatient.stop();
    }
  });
});

const appliedOf = (line: readonly HonestPhone[]) => line.reduce((sum, { applied }) => sum + applied, 0);

/**
 * Waits until each phone has a receipt for what it began after this. Whose request one node was not there for, and the
 * next one dies with, has used up its tries.
 */
async function allMoveOn(line: readonly HonestPhone[]): Promise<void> {
  const here = line.map(({ applied }) => applied);
  const behind = () => line.filter(({ applied }, at) => applied < (here[at] ?? 0) + 2).length;
  await expect.poll(behind, patience).toBe(0);
}

/** Everything that is answered to a GET whose target goes out as it is written here. */
async function ask(port: number, target: string, bearer: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port });
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
  socket.write(
    `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${bearer}\r\nConnection: close\r\n\r\n`,
  );
  await once(socket, 'close');
  return text;
}
