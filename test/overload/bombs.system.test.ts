import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { readBooks } from '../support/books.ts';
import { type FieldOpsProcess, secret, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { type Attack, attacks, lingeringAttacks, type Outcomes } from './attacks.ts';
import { dueOf, type HonestPhone, honestPhone } from './honest-phone.ts';
import { hostileBodies } from './hostile-bodies.ts';
import { cpuSeconds, residentMiB, type Usage, usageOf } from './process-usage.ts';

const token = bearerTokens(secret);
const honest = 4;
/** What the server may hold more than at work with honest phones only: its limits of pending bytes and bodies, and what V8 has not swept yet. */
const mostMiB = 700;

let database: FreshDatabase;
let server: FieldOpsProcess;

beforeAll(async () => {
  database = await freshDatabase();
  server = await startFieldOpsProcess(await freePort(), {
    DATABASE_URL: database.url,
    EKBAAR_SEED_AGENTS: '8',
    EKBAAR_SEED_DELIVERIES: '3000',
    // The patience of production would keep the test waiting for a minute.
    EKBAAR_HEADER_SECONDS: '3',
    EKBAAR_REQUEST_SECONDS: '4',
    EKBAAR_ANSWER_SECONDS: '4',
  });
});

afterAll(async () => {
  await server.stop();
  await database.drop();
});

interface Row extends Usage {
  readonly attack: string;
  readonly outcomes: Outcomes;
  /** Confirmations of the honest phones meanwhile. */
  readonly honest: number;
}

test('bombs and slow readers: each is answered or cut at a bounded cost, and honest phones go on', async () => {
  const phones: HonestPhone[] = [];
  for (let at = 1; at <= honest; at++) {
    const agent = await token(`a0${at}`, 'agent');
    phones.push(honestPhone(server.url, agent, await dueOf(server.url, agent), { pauseMs: 60 }));
  }
  const applied = () => phones.reduce((sum, phone) => sum + phone.applied, 0);
  await expect.poll(applied, { timeout: 30_000 }).toBeGreaterThan(honest * 3);
  const startMiB = residentMiB(server.pid);

  let tokens = 0;
  const under = async ({ name, run }: Attack): Promise<Row> => {
    const before = applied();
    // Each with tokens of its own: the rate limit of one attack must not spare the server the next.
    tokens++;
    const target = {
      ...{ url: server.url, port: server.port },
      ...{ agent: await token(`hostile-${tokens}`, 'agent'), ops: await token(`mallory-${tokens}`, 'ops', 'vishi') },
    };
    const { value, usage } = await usageOf(server.pid, () => run(target));
    return { attack: name, outcomes: value, honest: applied() - before, ...usage };
  };
  const rows = await Promise.all(lingeringAttacks().map(under));
  for (const attack of attacks(hostileBodies())) rows.push(await under(attack));

  for (const phone of phones) phone.stop();
  await Promise.all(phones.map(({ done }) => done));
  const cpu = cpuSeconds(server.pid);
  const began = performance.now();
  await sleep(1500);
  const idle = (cpuSeconds(server.pid) - cpu) / ((performance.now() - began) / 1000);
  console.log(tableOf(rows, startMiB, idle));
  for (const { refusals, longestMs, applied: done } of phones)
    console.log(`honest: ${done} confirmed, refused ${JSON.stringify(refusals)}, longest ${Math.round(longestMs)} ms`);

  for (const row of rows) {
    // 200 is a right answer to what was only large; that nothing came is what may not be.
    const known = Object.keys(row.outcomes).filter(
      (outcome) => !/^(200|400|401|408|413|429|431|503|cut)$/.test(outcome),
    );
    expect.soft(known, row.attack).toEqual([]);
    expect.soft(row.peakMiB, `memory: ${row.attack}`).toBeLessThan(startMiB + mostMiB);
  }
  const outcomesOf = (attack: string) => rows.find((row) => row.attack === attack)?.outcomes;
  expect(outcomesOf('75 gzip bombs')).not.toHaveProperty('200');
  expect(outcomesOf('10,000 wrong tokens')).toEqual({ '401': 10_000 });
  expect(outcomesOf('a loop: 2,000 pulls')?.['429']).toBeGreaterThan(500);
  expect(outcomesOf('60 slow bodies')).toEqual({ '408': 60 });
  expect(outcomesOf('5,000 requests piled up on 10 lines')?.['cut']).toBeGreaterThan(4000);
  expect(idle).toBeLessThan(0.5);

  // No line of an honest phone broke, nothing was refused but for want of room, and whoever was refused was told when to come again.
  for (const phone of phones) {
    expect(Object.keys(phone.refusals).filter((what) => what !== '503')).toEqual([]);
    expect(phone.rude).toBe(0);
  }
  // Short ones keep this process, which is the phones' too, busier than the server.
  const stoodStill = rows.filter(({ seconds, honest: done }) => seconds > 5 && done === 0);
  expect(stoodStill.map(({ attack }) => attack)).toEqual([]);
  const books = await readBooks(database.url, 'pennco');
  expect(books).toMatchObject({ confirmed: applied(), receipts: { applied: applied() }, unbalanced: 0 });
  expect(books.debitPaise).toBe(books.creditPaise);
});

function tableOf(rows: readonly Row[], startMiB: number, idle: number): string {
  const lines = rows.map(({ attack, seconds, cpuSeconds: cpu, peakMiB, honest: done, outcomes }) =>
    [
      attack.padEnd(52),
      `${seconds.toFixed(1)} s`.padStart(7),
      `${cpu.toFixed(1)} s`.padStart(7),
      `${Math.round(peakMiB - startMiB)} MiB`.padStart(9),
      String(done).padStart(7),
      ` ${JSON.stringify(outcomes)}`,
    ].join(' '),
  );
  const title = `${'attack'.padEnd(52)} ${'time'.padStart(7)} ${'cpu'.padStart(7)} ${'memory'.padStart(9)} ${'honest'.padStart(7)}`;
  return [title, ...lines, `idle afterwards: ${Math.round(idle * 100)} % of a core`].join('\n');
}
