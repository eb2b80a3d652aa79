import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumIsMissing } from '../support/chromium.ts';
import { IdbGround } from './idb-ground.ts';
import { realDeaths } from './real-deaths.ts';
import { workloads } from './workloads.ts';

const names = workloads.slice(0, 2).map(({ name }) => name);

describe.skipIf(chromiumIsMissing())('where phones with IndexedDB die', () => {
  let ground: IdbGround;

  beforeAll(async () => {
    ground = await IdbGround.start();
  });
  afterAll(() => ground?.close());

  test('at some places of some workloads, and at some of what comes after', async () => {
    const page = await ground.page();
    const options = { every: 15, secondEvery: 15 };
    const { words, wrong, deaths } = await page.evaluate(([all, how]) => window.crashPage.explore(all, how), [
      names,
      options,
    ] as const);
    console.log(`idb: ${words}`);
    expect(wrong.slice(0, 10).join('\n')).toBe('');
    expect(deaths.first).toBeGreaterThan(0);
    expect(deaths.second).toBeGreaterThan(0);
    await page.close();
  }, 900_000);

  test('when the process of the page, or the browser, is killed there', async () => {
    const { words, wrong } = await realDeaths(ground, names.slice(1), 120);
    console.log(`idb, killed for real: ${words}`);
    expect(wrong.join('\n')).toBe('');
  }, 900_000);

  test('what is not on the disk is found to be missing', async () => {
    const page = await ground.page();
    const { wrong } = await page.evaluate(
      (all) => window.crashPage.explore(all, { every: 4, unflushed: true }),
      names.slice(1),
    );
    expect(wrong.join('\n')).toContain('I1 broken');
    await page.close();
  }, 900_000);
});
