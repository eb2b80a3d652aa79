import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { seededRandom } from '../support/seeded.ts';
import { startStandby } from '../support/standby.ts';
import { startTcpBalancer } from '../support/tcp-balancer.ts';
import { Campaign, campaignSettings, withSql } from './campaign.ts';
import { Tally } from './tally.ts';

const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing.toReversed()) await close();
});

test('the primary dies under load and its synchronous standby is promoted: nothing that was answered is lost', async () => {
  const { seed } = seededRandom(20_261_125);
  const options = { fsync: true, settings: { ...campaignSettings, wal_keep_size: '512MB' } };
  const primary = await startPostgres(options);
  closing.push(() => primary.stop());
  // What the nodes know as the database: a name that can be moved to another server.
  const name = await startTcpBalancer([Number(new URL(primary.url).port)]);
  closing.push(() => name.close());
  const { url } = await primary.freshDatabase();
  const standby = await startStandby(primary, options);
  closing.push(() => standby.stop());
  await commitOnBoth(primary);

  const counts = new Tally();
  const campaign = await Campaign.start({
    seed,
    seconds: 8,
    nodes: 2,
    deliveries: 150,
    crowd: {
      ...{ agents: 3, siblings: 0, clones: 0, ops: 1, settlement: 1, foreign: 1 },
      ...{ agentReaders: 1, opsReaders: 1, regionReaders: 0, newcomers: 1 },
    },
    database: { server: primary, url: at(url, name.port) },
    trouble: ({ seconds }) => ({
      counts,
      ...{ transactions: 0, diedAlone: 0 },
      async run() {
        await sleep(seconds * 500);
        await primary.kill();
        counts.add('primaries killed');
        await standby.promote();
        name.ports = [Number(new URL(standby.server.url).port)];
        counts.add('standbys promoted');
        answeredBefore = answered();
        await sleep(seconds * 500);
      },
    }),
  });
  closing.push(() => campaign.stop());
  let answeredBefore = 0;
  const answered = () => campaign.field.promises.all.filter(({ told }) => told !== undefined).length;
  await campaign.run();

  const violations = await campaign.check();
  for (const line of campaign.report()) console.log(line);
  expect(violations).toEqual([]);
  expect(answeredBefore).toBeGreaterThan(0);
  expect(answered()).toBeGreaterThan(answeredBefore);
  const [log] = await withSql(campaign.url, (sql) => sql`select pg_walfile_name(pg_current_wal_lsn()) as file`);
  // The server that answers now writes a history of its own: it was promoted.
  expect(log?.['file']).toMatch(/^00000002/);

  function at(address: string, port: number): string {
    const moved = new URL(address);
    moved.port = String(port);
    return moved.href;
  }
}, 300_000);

/** From now on a commit is answered when the standby has it on its disk too. */
async function commitOnBoth(primary: PostgresServer): Promise<void> {
  await withSql(primary.url, async (sql) => {
    await sql`alter system set synchronous_standby_names = 'standby'`;
    await sql`select pg_reload_conf()`;
    for (;;) {
      const synchronous = await sql`select from pg_stat_replication where sync_state = 'sync' and state = 'streaming'`;
      if (synchronous.length === 1) return;
      await sleep(50);
    }
  });
}
