import fc from 'fast-check';
import type { FreshDatabase, FreshDatabaseOptions } from '../support/postgres.ts';
import type { Variant } from './besieged.ts';
import { Figures } from './figures.ts';
import type { Level } from './oracle.ts';
import { runSequence, sequences, type Step } from './sequence.ts';
import { Siege } from './siege.ts';
import { makeWorld, type World } from './world.ts';

export type MakeDatabase = (options?: FreshDatabaseOptions) => Promise<FreshDatabase>;

export interface RoundOptions {
  readonly variant?: Variant;
  readonly level?: Level;
  readonly seed: number;
  /** Where in the tree of sequences it failed before; with the seed, a failure again without the search. */
  readonly path?: string | undefined;
  readonly sequences: number;
  /** Whether a failure is made as short as can be; each try of that has a database of its own. */
  readonly shrink?: boolean;
}

/** A failure as it is reported. */
export interface Found {
  readonly what: string;
  readonly seed: number;
  readonly path: string | null;
  readonly steps: readonly Step[];
}

/** A shorter sequence is worth some minutes, not hours. */
const mostShrinks = 60;

/** One world that campaigns are laid to, round by round, each on a copy of its own. */
export class Campaign {
  readonly world: World;
  readonly figures = new Figures();
  readonly #make: MakeDatabase;

  private constructor(world: World, make: MakeDatabase) {
    this.world = world;
    this.#make = make;
  }

  static async start(seed: number, make: MakeDatabase): Promise<Campaign> {
    return new Campaign(await makeWorld(await make(), seed), make);
  }

  /** A server of a variant on a copy of the world. */
  lay(variant: Variant, level: Level): Promise<Siege> {
    const { world, figures } = this;
    return Siege.start(world, () => this.#make({ template: world.database.name }), { variant, level, figures });
  }

  /** Runs sequences against a server of its own. @returns what the first that failed found */
  async round({
    variant = {},
    level = 'scope',
    seed,
    path,
    sequences: numRuns,
    shrink = false,
  }: RoundOptions): Promise<Found | undefined> {
    const { figures } = this;
    const begin = () => this.lay(variant, level);
    let siege: Siege | undefined;
    let failures = 0;
    const property = fc.asyncProperty(sequences, async (steps) => {
      if (failures > mostShrinks) return;
      if (failures > 0) {
        await siege?.stop();
        siege = undefined;
      }
      siege ??= await begin();
      try {
        await runSequence(siege, steps);
      } catch (error) {
        // At once: making it shorter takes a while.
        if (failures++ === 0 && shrink) console.error(error);
        throw error;
      }
    });
    try {
      const ran = await fc.check(property, {
        seed,
        numRuns,
        endOnFailure: !shrink,
        ...(path === undefined ? {} : { path }),
      });
      figures.rounds++;
      if (!ran.failed) return undefined;
      const what =
        ran.errorInstance instanceof Error
          ? (ran.errorInstance.stack ?? ran.errorInstance.message)
          : String(ran.errorInstance);
      return { what, seed, path: ran.counterexamplePath, steps: ran.counterexample?.[0] ?? [] };
    } finally {
      await siege?.stop();
    }
  }

  async stop(): Promise<void> {
    await this.world.database.drop();
  }
}

/** A failure in lines for people. */
export function told({ what, seed, path, steps }: Found): string {
  return [what, `again: pnpm isolation --seed ${seed} --path ${path ?? '0'}`, `steps: ${JSON.stringify(steps)}`].join(
    '\n',
  );
}
