import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kilometresBetween, planRoute, type Point } from './day-route.ts';

const aroundGaya = fc.record({
  lat: fc.double({ min: 24.4, max: 25.1, noNaN: true }),
  lng: fc.double({ min: 84.5, max: 85.5, noNaN: true }),
});

function lengthOf(way: readonly Point[]): number {
  return way.slice(1).reduce((sum, point, at) => sum + kilometresBetween(way[at] ?? point, point), 0);
}

function permutations(items: readonly number[]): number[][] {
  return items.length <= 1
    ? [[...items]]
    : items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}

describe('planRoute', () => {
  it('knows how far it is', () => {
    expect(kilometresBetween({ lat: 25.61, lng: 85.14 }, { lat: 24.79, lng: 85 })).toBeCloseTo(92.3, 0);
  });

  it('visits every stop once, also where stops are at one point', () => {
    fc.assert(
      fc.property(fc.array(aroundGaya, { maxLength: 40 }), fc.boolean(), (stops, hasStart) => {
        const twice = [...stops, ...stops.slice(0, 3)];
        const order = planRoute(twice, hasStart ? { lat: 24.8, lng: 85 } : undefined);
        expect(order.toSorted((a, b) => a - b)).toEqual(twice.map((_, at) => at));
      }),
      { numRuns: 60 },
    );
  });

  it('is seldom longer than the shortest way, and never by a quarter, with few stops', () => {
    const ratios: number[] = [];
    fc.assert(
      fc.property(fc.array(aroundGaya, { minLength: 3, maxLength: 7 }), aroundGaya, (stops, start) => {
        const way = (order: readonly number[]) => lengthOf([start, ...order.map((at) => stops[at] ?? start)]);
        const shortest = Math.min(...permutations(stops.map((_, at) => at)).map(way));
        const planned = way(planRoute(stops, start));
        ratios.push(shortest === 0 ? 1 : planned / shortest);
        expect(planned).toBeLessThanOrEqual(shortest * 1.25 + 1e-6);
      }),
      { numRuns: 150, seed: 5 },
    );
    expect(ratios.filter((ratio) => ratio > 1.001).length).toBeLessThan(ratios.length / 5);
  });

  it('unties what the nearest neighbour leaves crossed: 120 stops on a circle are visited around it', () => {
    const around = Array.from({ length: 120 }, (_, at) => {
      const angle = (2 * Math.PI * at) / 120;
      return { lat: 24.8 + 0.3 * Math.sin(angle), lng: 85 + 0.33 * Math.cos(angle) };
    });
    const mixed = around.map((_, at) => around[(at * 47) % 120] ?? { lat: 0, lng: 0 });
    const planned = lengthOf(planRoute(mixed).map((at) => mixed[at] ?? { lat: 0, lng: 0 }));
    expect(lengthOf(mixed)).toBeGreaterThan(10 * lengthOf(around));
    expect(planned).toBeLessThanOrEqual(lengthOf(around) * 1.02);
  });

  it('gives the same order for the same stops', () => {
    const stops = Array.from({ length: 50 }, (_, at) => ({
      lat: 24 + ((at * 7919) % 100) / 100,
      lng: 85 + ((at * 104729) % 97) / 97,
    }));
    expect(planRoute(stops)).toEqual(planRoute(stops));
    expect(planRoute([])).toEqual([]);
  });
});
