import { idbStore } from '../../sdk/src/store/idb/index.ts';
import { wrapStore } from '../../sdk/src/testing/wrap-store.ts';
import type { CrashDisk } from './crash-disk.ts';
import type { CrashPoint } from './crash-point.ts';
import { CrashWorld } from './crash-world.ts';
import { explore, type ExplorationOptions, type Explored } from './exploration.ts';
import { savedTooEarly } from './planted-bugs.ts';
import { dieForReal, readKeepsake } from './real-death.ts';
import { RecordedDisk } from './recorded-disk.ts';
import { recovery } from './recovery.ts';
import { report } from './report.ts';
import { Uses } from './uses.ts';
import { violationsIn } from './violations.ts';
import { workloads } from './workloads.ts';

/** The one that `storeNameOf` gives the person of these worlds. */
const storeName = 'pennco/a1';

const { port1, port2 } = new MessageChannel();
const waiting: (() => void)[] = [];
port2.onmessage = () => waiting.shift()?.();

/** Timers are too slow here. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    waiting.push(resolve);
    port1.postMessage(null);
  });

let disks = 0;

function recordedDisk(): CrashDisk {
  disks += 1;
  const prefix = `crash ${disks}, life `;
  return new RecordedDisk({
    stores: (life) => {
      const oneAtATime = inTurns();
      return async (name) => {
        const store = await idbStore({ prefix: `${prefix}${life}: ` })(name);
        // Eight megabytes for each death would be too much.
        return { ...wrapStore(store, (...asked) => oneAtATime(() => store.transaction(...asked))), reserve: undefined };
      };
    },
    turn,
    throwAway: async (lives) => {
      for (let life = 0; life < lives; life += 1) await destroy(`${prefix}${life}: `);
    },
  });
}

/** What IndexedDB does side by side ends in another order each time: then a death at the same place leaves something else. */
function inTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}

async function destroy(prefix: string): Promise<void> {
  await idbStore({ prefix }).destroy?.(storeName);
}

/** @param die asks for the death of this page, which never hears of it. */
function realDisk(prefix: string, die: () => void): CrashDisk {
  return {
    deaths: ['power kept'],
    isShared: true,
    open: idbStore({ prefix }),
    die,
    turn,
    throwAway: () => destroy(prefix),
  };
}

function realWorld(prefix: string): CrashWorld {
  const world: CrashWorld = new CrashWorld(
    realDisk(prefix, () => dieForReal(world.keepsake())),
    new Uses(),
  );
  return world;
}

/** Dies at one point; `undefined`: goes on to the end, and says which points there are. */
async function run(world: CrashWorld, work: (world: CrashWorld) => Promise<void>, die?: Place): Promise<Place[]> {
  const points: CrashPoint[] = [];
  await world.watching((point) => {
    points.push(point);
    return point.place === die?.place && point.nth === die.nth ? 'power kept' : undefined;
  }, work);
  return points.map(({ place, nth }) => ({ place, nth }));
}

type Exploring = Pick<ExplorationOptions, 'everyPoint' | 'every' | 'secondEvery'> & { readonly unflushed?: boolean };

/** A point without what a page cannot be told. */
export interface Place {
  readonly place: string;
  readonly nth: number;
}

/** What the page offers to the test that drives it. */
const inPage = {
  /**
   * Deaths of which only the instrumentation knows, and after which IndexedDB goes on with what it really has.
   *
   * @param unflushed with a bug that is to be found: mutations are called saved before they are
   */
  async explore(only: readonly string[], { unflushed = false, ...options }: Exploring) {
    const began = performance.now();
    const inWords = (until: Explored) => report(until, (performance.now() - began) / 1000);
    const explored = await explore({
      workloads: workloads.filter(({ name }) => only.includes(name)),
      disk: recordedDisk,
      tell: ({ name }, until) => console.log(`"${name}": ${inWords(until).words}`),
      ...(unflushed ? { plant: savedTooEarly.plant, stopAt: () => true } : {}),
      ...options,
    });
    const { visited, visitedSecond } = explored;
    return { ...inWords(explored), deaths: { first: visited, second: visitedSecond } };
  },

  /** Runs a workload on the real thing, and dies with this page, if told where. */
  async live(prefix: string, name: string, die?: Place): Promise<Place[]> {
    const world = realWorld(prefix);
    const workload = workloads.find((one) => one.name === name);
    const points = await run(world, async (alive) => workload?.run(alive), die);
    await world.end();
    return points;
  },

  /** Goes on where a page has died, and dies again, if told where. @returns what is broken, and which points there were. */
  async goOn(prefix: string, keepsake: string, die?: Place): Promise<{ violations: string[]; points: Place[] }> {
    const world = realWorld(prefix);
    await world.goOn(readKeepsake(keepsake));
    try {
      const points = await run(world, recovery, die);
      const violations = await violationsIn(world);
      return { violations: violations.map(({ invariant, what }) => `${invariant} broken: ${what}`), points };
    } catch (error) {
      return { violations: [`usable: ${error instanceof Error ? error.stack : String(error)}`], points: [] };
    } finally {
      await world.end();
    }
  },
};

declare global {
  interface Window {
    crashPage: typeof inPage;
  }
}
window.crashPage = inPage;
