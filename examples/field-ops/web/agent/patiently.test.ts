import { describe, expect, it } from 'vitest';
import { patiently } from './patiently.ts';

/** A line that is up or not at each of these tries, then up for good; the file comes at the last of them, if it does. */
async function load(online: readonly boolean[], comes = true) {
  let tries = 0;
  const waits: number[] = [];
  const loaded = patiently(
    async () => {
      if (++tries <= online.length || !comes) throw new TypeError('Failed to fetch');
      return 'here';
    },
    { reachesServer: async () => online[tries - 1] ?? true, wait: async (ms) => void waits.push(ms) },
  );
  return { outcome: await loaded.catch((error: Error) => error.message), tries, waits };
}

describe('patiently', () => {
  it('tries again after a failure, each time later', async () => {
    expect(await load([])).toEqual({ outcome: 'here', tries: 1, waits: [] });
    expect(await load([true, true, true])).toEqual({ outcome: 'here', tries: 4, waits: [1_000, 2_000, 4_000] });
  });

  it('waits for the server however long that takes, each time longer up to half a minute', async () => {
    const { outcome, tries, waits } = await load(Array<boolean>(100).fill(false));
    expect([outcome, tries, Math.max(...waits)]).toEqual(['here', 101, 30_000]);
  });

  it('gives up on what the server does not have', async () => {
    expect(await load([], false)).toMatchObject({ outcome: 'Failed to fetch', tries: 4 });
    expect(await load([false, false, true, false], false)).toMatchObject({ outcome: 'Failed to fetch', tries: 7 });
  });
});
