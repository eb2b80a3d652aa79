import { afterEach, describe, expect, it, vi } from 'vitest';
import { KnownPlaces } from './known-places.ts';

afterEach(() => vi.unstubAllGlobals());

describe('KnownPlaces', () => {
  it('asks once more with a new token where the first one has run out', async () => {
    const asked: unknown[] = [];
    const place = { village: 'Rampur', pincode: '800001', lat: 25, lng: 85, precision: 'village' };
    vi.stubGlobal('fetch', async (_: string, { headers }: { headers: object }) => {
      asked.push(headers);
      return asked.length === 1 ? new Response(null, { status: 401 }) : Response.json({ places: [place] });
    });
    const kept = new Map<string, unknown>();
    const durable = {
      get: async (key: string) => kept.get(key),
      set: async (key: string, value: unknown) => void kept.set(key, value),
    };
    const known = new KnownPlaces(durable, 'p', async (why) => why);
    await known.learn(['800001 Rampur']);
    expect(asked).toEqual([{ authorization: 'Bearer first' }, { authorization: 'Bearer expired' }]);
    expect([...known.get().keys()]).toEqual(['800001 Rampur']);
  });
});
