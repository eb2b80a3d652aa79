export interface Degrees {
  readonly lat: number;
  readonly lng: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

const mostLatitude = 85;

/** Web Mercator, with the whole world one unit wide: north is up, and small places keep their shape. */
export function project({ lat, lng }: Degrees): Point {
  const bounded = (Math.max(-mostLatitude, Math.min(mostLatitude, lat)) * Math.PI) / 180;
  return { x: (lng + 180) / 360, y: (1 - Math.log(Math.tan(bounded) + 1 / Math.cos(bounded)) / Math.PI) / 2 };
}

/** What a view shows: its middle, and how many units a pixel is. */
export interface View {
  readonly middle: Point;
  readonly scale: number;
}

/** At most so near: a few hundred metres from side to side. */
const smallestScale = 2e-9;

/** The view that has all points in it, with some room around them. */
export function viewOf(points: readonly Point[], width: number, height: number): View {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const scale = Math.max((right - left) / (width * 0.84), (bottom - top) / (height * 0.8), smallestScale * 20);
  return { middle: { x: (left + right) / 2, y: (top + bottom) / 2 }, scale };
}

/** Zooms around a point of the screen, given from the middle. */
export function zoomed({ middle, scale }: View, factor: number, at: Point = { x: 0, y: 0 }): View {
  const next = Math.max(smallestScale, Math.min(1e-3, scale / factor));
  return { scale: next, middle: { x: middle.x + at.x * (scale - next), y: middle.y + at.y * (scale - next) } };
}

/** How many metres a pixel is at a latitude. */
export function metresPerPixel(lat: number, scale: number): number {
  return 40_075_017 * Math.cos((lat * Math.PI) / 180) * scale;
}

/** The latitude of a place on the map. */
export function latitudeOf(y: number): number {
  return (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
}

/** A round length for the scale's bar, of at most `most` metres. */
export function roundLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return [5, 2, 1].map((step) => step * power).find((length) => length <= most) ?? power;
}

/** How wide the label of a degree is with some room, in pixels. */
export const labelWidth = 64;

/** Degrees between two lines of the net: round, a handful of lines, and room for each label. */
export function netStep(width: number, scale: number): number {
  // A round length is two fifths of the most that it may be, or more.
  return roundLength(Math.max(width / 4, labelWidth * 2.5) * scale * 360);
}

/**
 * The smallest convex ground that has all points in it (A. M. Andrew, "Another Efficient Algorithm for Convex Hulls in Two
 * Dimensions", 1979).
 */
export function hull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const half = (way: readonly Point[]) => {
    const found: Point[] = [];
    for (const point of way) {
      for (let last = found.at(-1), before = found.at(-2); last && before && turn(before, last, point) <= 0;) {
        found.pop();
        [last, before] = [found.at(-1), found.at(-2)];
      }
      found.push(point);
    }
    return found.slice(0, -1);
  };
  return sorted.length < 3 ? sorted : [...half(sorted), ...half([...sorted].reverse())];
}

/** Positive for a turn to the left. */
function turn(a: Point, b: Point, c: Point): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}
