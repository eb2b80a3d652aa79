import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import type { Point } from '../../day-route.ts';
import { plainName } from './plain-name.ts';

/** A village, as deliveries name it. */
export interface Village {
  readonly village: string;
  readonly pincode: string;
}

/**
 * Where a village is, and how well that is known: the village itself, the middle of its PIN code, or no better than the
 * middle of its district or town.
 */
export interface Place extends Village, Point {
  readonly precision: 'village' | 'pincode' | 'district';
}

/** Finds villages by PIN code and name, from a file that ships with the app: no request leaves for it. */
export interface PlaceDirectory {
  /** Undefined for a PIN code that the directory does not have. */
  find(village: Village): Place | undefined;
}

let opening: Promise<PlaceDirectory> | undefined;

/** The directory of all India; 1.5 MB, read when it is asked for first. `make-places.ts` says where it comes from. */
export function openDirectory(): Promise<PlaceDirectory> {
  opening ??= readFile(new URL('./places.txt.br', import.meta.url))
    .then((packed) => promisify(brotliDecompress)(packed))
    .then((text) => placeDirectory(text.toString()));
  return opening;
}

/**
 * @param text a line for each PIN code: `824201|24.61,85.1|bumuar=24.52,84.99|…`, the PIN code's own point and those of the
 *   villages that are elsewhere; `~` after the PIN code says that its point is its district's
 */
export function placeDirectory(text: string): PlaceDirectory {
  const lines = new Map<string, string>();
  for (const line of text.split('\n')) lines.set(line.slice(0, 6), line);
  return {
    find({ village, pincode }) {
      const line = lines.get(pincode);
      if (line === undefined || pincode === '') return undefined;
      const [head = '', own = '', ...villages] = line.split('|');
      const name = `${plainName(village)}=`;
      const itself = villages.find((entry) => entry.startsWith(name))?.slice(name.length);
      const precision = itself !== undefined ? 'village' : head.endsWith('~') ? 'district' : 'pincode';
      const [lat = 0, lng = 0] = (itself ?? own).split(',').map(Number);
      return { village, pincode, lat, lng, precision };
    },
  };
}
