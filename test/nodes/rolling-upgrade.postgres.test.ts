import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient, type MutationRecord } from '@ekbaar/sdk';
import type { Model } from '@ekbaar/sdk/model';
import { memoryStore } from '@ekbaar/sdk/store/memory';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTcpBalancer, type TcpBalancer } from '../support/tcp-balancer.ts';
import { firstModel, thirdModel } from '../support/visits-model.ts';
import { startVisits, type VisitsServer } from '../support/visits-server.ts';

const actor = { tenant: 'pennco', id: 'a17' };
/** How long the world stays as it is between two steps. */
const stepMs = 1_500;
/** The node says that it goes, and answers for so long. */
const drainMs = 500;

let server: VisitsServer;
let balancer: TcpBalancer;
let token: string;
const answers: Record<string, number> = {};

beforeAll(async () => {
  server = await startVisits();
  token = await server.token(actor.id, 'agent', actor.tenant);
});
afterAll(async () => {
  await balancer.close();
  await server.close();
});

function openApp<M extends Model>(model: M): Promise<Client<M>> {
  return createClient({
    model,
    url: `http://127.0.0.1:${balancer.port}`,
    actor,
    token: () => token,
    store: memoryStore(),
    platform: {
      now: () => server.now(),
      fetch: async (url, init) => {
        const response = await fetch(url, init).catch((error: unknown) => {
          answers['cut off'] = (answers['cut off'] ?? 0) + 1;
          throw error;
        });
        answers[response.status] = (answers[response.status] ?? 0) + 1;
        return response;
      },
    },
  });
}

type Kept = Pick<MutationRecord, 'key'>;

/** Saves one mutation after the other until it is told to stop. */
function work(save: (no: number) => Promise<Kept>): { stop(): Promise<string[]> } {
  let goesOn = true;
  const keys = (async () => {
    const saved: string[] = [];
    for (let no = 0; goesOn; no += 1) {
      saved.push((await save(no)).key);
      await sleep(20);
    }
    return saved;
  })();
  return {
    stop() {
      goesOn = false;
      return keys;
    },
  };
}

const old = (app: Client<typeof firstModel>, who: string) =>
  work((no) => app.mutate('noteVisit', { id: `${who}-${no}`, text: 'in the first release’s words' }));
const today = (app: Client<typeof thirdModel>, who: string) =>
  work((no) => app.mutate('noteVisit', { id: `${who}-${no}`, note: 'in today’s words', language: 'en' }));

test('two nodes are replaced, one after the other, by ones that are two releases further, under the work of old and new phones', async () => {
  let [a, b] = [await server.startNode('first'), await server.startNode('first')];
  balancer = await startTcpBalancer([a.port, b.port]);
  const phones = await Promise.all([openApp(firstModel), openApp(firstModel), openApp(firstModel)]);
  const busy = phones.map((phone, at) => old(phone, `old-${at}`));
  await sleep(stepMs);

  const replace = async (node: typeof a, other: number) => {
    const next = await server.startNode('third');
    balancer.ports = [next.port, other];
    await node.close(drainMs);
    return next;
  };
  a = await replace(a, b.port);
  // Phones that are updated too early: every other connection of theirs leads to a node that does not know their model.
  const early = await Promise.all([openApp(thirdModel), openApp(thirdModel)]);
  busy.push(...early.map((phone, at) => today(phone, `new-${at}`)));
  await sleep(stepMs);
  b = await replace(b, a.port);
  await sleep(stepMs);

  const keys = (await Promise.all(busy.map((one) => one.stop()))).flat();
  const everybody = [...phones, ...early];
  for (let round = 0; round < 2; round += 1) await Promise.all(everybody.map((phone) => phone.sync()));
  console.log(`${keys.length} mutations; answers by status: ${JSON.stringify(answers)}`);

  const receipts = await server.rows<{ key: string; status: string; model: number }>(
    sql`select key, status, model from sync.receipts order by key`,
  );
  expect(receipts.map(({ key }) => key)).toEqual(keys.toSorted());
  expect(new Set(receipts.map(({ status }) => status))).toEqual(new Set(['applied']));
  expect(new Set(receipts.map(({ model }) => model))).toEqual(new Set([1, 3]));
  const runs = await server.rows<{ key: string }>(sql`select key from runs order by key`);
  expect(runs.map(({ key }) => key)).toEqual(keys.toSorted());
  // Who is not updated reads what who is updated wrote, and the other way round.
  for (const phone of everybody) {
    expect(await phone.read('visits')).toHaveLength(keys.length);
    expect(phone.status.get()).toMatchObject({ pending: 0 });
    await phone.close();
  }
  await Promise.all([a.close(0), b.close(0)]);
});
