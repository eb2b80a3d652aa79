import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Randomness of one actor of a campaign: the same choices again for the same seed, whatever the others do. */
export interface Chance {
  /** From 0 to below 1. */
  random(): number;
  /** Whole, from 0 to below `count`. */
  below(count: number): number;
  is(likely: number): boolean;
  /** Undefined of nothing. */
  pick<T>(from: readonly T[]): T | undefined;
  uuid(): string;
}

export function chanceOf(seed: number, stream: number): Chance {
  const generator = xoroshiro128plus(Math.imul(seed, 2_654_435_761) ^ Math.imul(stream + 1, 40_503));
  // Neighbouring seeds begin alike.
  for (let skipped = 0; skipped < 16; skipped++) uniformFloat64(generator);
  const random = () => uniformFloat64(generator);
  const below = (count: number) => Math.floor(random() * count);
  return {
    random,
    below,
    is: (likely) => random() < likely,
    pick: (from) => from[below(from.length)],
    uuid() {
      const hex = Array.from({ length: 32 }, () => below(16).toString(16));
      hex[12] = '4';
      hex[16] = (8 + below(4)).toString(16);
      const text = hex.join('');
      return [0, 8, 12, 16, 20].map((from, at, all) => text.slice(from, all[at + 1])).join('-');
    },
  };
}
