import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Randomness from 0 to below 1 that a seed brings back: set EKBAAR_TEST_SEED to repeat a run that failed. */
export function seededRandom(fallback: number): { seed: number; random: () => number } {
  const seed = Number(process.env['EKBAAR_TEST_SEED'] ?? fallback);
  const generator = xoroshiro128plus(seed);
  return { seed, random: () => uniformFloat64(generator) };
}
