import { describe, expect, test } from 'vitest';
import { chromiumIsMissing } from '../support/chromium.ts';
import { freshDatabase } from '../support/postgres.ts';
import { seededRandom } from '../support/seeded.ts';
import { compareTrips, inWords } from './compare-trips.ts';

describe.skipIf(chromiumIsMissing())('a day’s work over a bad line', () => {
  test('is sent and fetched whole, and once, although the phone dies and the line goes again and again', async () => {
    const { seed } = seededRandom(7);
    const comparison = await compareTrips({
      ...{ seed, freshDatabase, interruptions: 3, plan: { confirmations: 60, rows: 600 } },
      line: { latencyMs: 200, bytesPerSecond: 40_000, cutsPerHundred: 5 },
    });
    console.log(inWords(comparison).join('\n'));
    expect(comparison.broken).toEqual([]);
    // What was there already is not fetched again: each interruption costs a part of a page, and some requests.
    const { clean, bad } = comparison;
    expect(bad.received / clean.received).toBeLessThan(4);
    expect(bad.sent / clean.sent).toBeLessThan(6);
  }, 300_000);
});
