import { describe, expect, it } from 'vitest';
import { sampleDelivery } from '../../shared/sample-delivery.ts';
import type { DeliveryEntry } from '../delivery-state.ts';
import { dayStops } from './day-stops.ts';
import { type KnownPlace, KnownPlaces, villageKey } from './known-places.ts';

const entry = (id: string, village: string): DeliveryEntry => ({
  row: { ...sampleDelivery, id, village },
  ...{ state: 'todo', receiptNo: null, refused: null, confirmation: null },
});
const place = (village: string, lng: number): KnownPlace => ({
  ...{ village, pincode: sampleDelivery.pincode, lat: 25, lng, precision: 'village' },
});
const byVillage = (...all: KnownPlace[]) => new Map(all.map((known) => [villageKey(known), known]));

describe('dayStops', () => {
  const todo = [entry('d1', 'Far'), entry('d2', 'Near'), entry('d3', 'Far'), entry('d4', 'Nowhere')];

  it('goes from village to village, and does all of a village at once', () => {
    const { stops, kilometres } = dayStops(todo, byVillage(place('Far', 86), place('Near', 85.1)), {
      lat: 25,
      lng: 85,
    });
    expect(stops.map(({ village, entries }) => [village, entries.length])).toEqual([
      ['Near', 1],
      ['Far', 2],
      ['Nowhere', 1],
    ]);
    expect(kilometres).toBeCloseTo(100.8, 0);
    expect(stops.map((stop) => stop.kilometres?.toFixed(0) ?? null)).toEqual(['10', '91', null]);
  });

  it('without places and without a position, still has everything', () => {
    const { stops, kilometres } = dayStops(todo, new Map(), undefined);
    expect(stops.flatMap(({ entries }) => entries)).toHaveLength(4);
    expect(kilometres).toBe(0);
  });
});

describe('KnownPlaces', () => {
  function memory() {
    const values = new Map<string, unknown>();
    return {
      get: (key: string) => Promise.resolve(values.get(key)),
      set: (key: string, value: unknown) => Promise.resolve(void values.set(key, value)),
    };
  }

  it('keeps what it learned, and asks again only for a village that it does not know', async () => {
    const at = memory();
    const asked: string[] = [];
    const answers = [new Response('<html>', { status: 200 }), Response.json({ places: [place('Near', 85)] })];
    const fetchBefore = globalThis.fetch;
    globalThis.fetch = (input) => {
      asked.push(input as string);
      return Promise.resolve(answers.shift() ?? Response.error());
    };
    try {
      const places = new KnownPlaces(at, 'k', () => Promise.resolve('t'));
      await places.open();
      await places.learn(['x']);
      expect(places.get().size).toBe(0);
      await places.learn(['x']);
      await places.learn(['x']);
      expect(asked).toHaveLength(2);
      const later = new KnownPlaces(at, 'k', () => Promise.reject(new Error('offline')));
      await later.open();
      expect([...later.get().keys()]).toEqual([villageKey(place('Near', 85))]);
      await expect(later.learn(['y'])).rejects.toThrow('offline');
    } finally {
      globalThis.fetch = fetchBefore;
    }
  });
});
