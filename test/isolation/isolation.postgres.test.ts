import type { SyncResponse } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../support/postgres.ts';
import { seededRandom } from '../support/seeded.ts';
import { syncBody, wireOf } from './envelope.ts';
import { Campaign, type RoundOptions, told } from './campaign.ts';
import type { Person } from './cast.ts';
import { forgetfulMutators } from './forgetful-mutators.ts';
import { plantedBugs } from './planted-bugs.ts';

const { seed } = seededRandom(20_261_125);
let campaign: Campaign;

beforeAll(async () => {
  console.log(`seed ${seed}`);
  campaign = await Campaign.start(seed, freshDatabase);
});
afterAll(async () => {
  for (const line of campaign.figures.inWords()) console.log(line);
  await campaign.stop();
});

/** What a round found, in words; nothing is what it should be. */
async function found(options: Omit<RoundOptions, 'seed'>): Promise<string | undefined> {
  const failure = await campaign.round({ seed, ...options });
  return failure === undefined ? undefined : told(failure);
}

test('three tenants and hostile requests to every route: nothing comes out that is not the asker’s', async () => {
  expect(await found({ sequences: 4, shrink: true })).toBeUndefined();
  expect(campaign.figures.answered(200)).toBeGreaterThan(100);
  expect(campaign.figures.rowsCompared).toBeGreaterThan(100);
});

test('the same with mutators that forget the tenant: row-level security holds', async () => {
  const variant = { overrides: { mutators: forgetfulMutators } };
  expect(await found({ variant, level: 'tenant', sequences: 2, shrink: true })).toBeUndefined();
});

/** What a mutator may do to the session by mistake, and what becomes of it. */
const sessionChanges = [
  ["set local ekbaar.tenant = 'vishi'", 'internal'],
  ["select set_config('ekbaar.tenant', 'vishi', true)", 'internal'],
  ["set ekbaar.tenant = 'vishi'", 'internal'],
  ["set local ekbaar.tenant = ''", 'internal'],
  ['reset ekbaar.tenant', 'internal'],
  ['reset role', 'applied'],
  ['set role none', 'applied'],
  ['set role postgres', 'applied'],
  ['reset session authorization', 'applied'],
] as const;

test('whatever a mutator does to its session, no later transaction notices', async () => {
  const failDelivery: (typeof forgetfulMutators)['failDelivery'] = {
    roles: ['agent'],
    async run({ db }, { note }) {
      await db.execute(sql.raw(note ?? ''));
      return undefined;
    },
  };
  const siege = await campaign.lay({ overrides: { mutators: { ...forgetfulMutators, failDelivery } } }, 'tenant');
  try {
    const agents = campaign.world.cast.people.filter(({ honest, role }) => honest && role === 'agent');
    const culprit = agents.find(({ tenant }) => tenant === 'pennco') as Person;
    const stranger = agents.find(({ tenant }) => tenant === 'vishi') as Person;
    const push = async (person: Person, name: string, args: Record<string, unknown>) => {
      const mint = siege.mintOf(person);
      const mutations = [wireOf({ id: 1, key: mint.key(), name, args })];
      const body = syncBody(`c-${mint.text()}`, { mutations, limit: 1 });
      const answer = await siege.send({ method: 'POST', path: '/v1/sync', headers: {}, body }, person, null, true);
      const { receipts, code } = answer.body as Partial<SyncResponse> & { code?: string };
      return receipts?.[0]?.status ?? code;
    };
    for (const [note, outcome] of sessionChanges) {
      const args = { deliveryId: 'd0001', reason: 'x', note };
      expect([note, await push(culprit, 'failDelivery', args)]).toEqual([note, outcome]);
      await Promise.all(
        agents.slice(0, 6).map((agent) => siege.send({ method: 'GET', path: '/v1/pull?limit=5', headers: {} }, agent)),
      );
    }
    // A mutator that asks for everything, of every tenant, sees its own.
    const closing = { date: '2026-11-23', collectedPaise: 1, disbursedPaise: 1, count: 1 };
    expect(await push(stranger, 'closeDay', closing)).toBe('rejected');
    await siege.inspect();
  } finally {
    await siege.stop();
  }
});

test.for(plantedBugs.map((bug) => [bug.name, bug] as const))(
  'a planted bug is found: %s',
  async ([, { make, level, seed: own = seed }]) => {
    const variant = make(campaign.world.secret);
    const failure = await campaign.round({
      seed: own,
      variant,
      ...(level === undefined ? {} : { level }),
      sequences: 60,
    });
    expect(failure?.what).toMatch(/^Leak/);
  },
);
