/** Degrees, WGS 84. */
export interface Point {
  readonly lat: number;
  readonly lng: number;
}

const earthRadiusKm = 6371;
const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** As the crow flies: roads are longer. The haversine formula. */
export function kilometresBetween(a: Point, b: Point): number {
  const sinLat = Math.sin(radians(b.lat - a.lat) / 2);
  const sinLng = Math.sin(radians(b.lng - a.lng) / 2);
  const h = sinLat * sinLat + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * sinLng * sinLng;
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Improvements are far smaller after a few rounds; this is for inputs that nobody has thought of. */
const mostRounds = 40;
/** In kilometres: less is rounding. */
const worthIt = 1e-9;

/**
 * An order to visit all stops in, with a short way; it ends at the last one, wherever that is. The same stops give the
 * same order. Nearest neighbour first (Rosenkrantz, Stearns and Lewis, 1977), then made better by turning parts of the way
 * around (2-opt: Croes, 1958) and by moving up to three stops elsewhere (Or-opt: Or, 1976) until neither helps.
 *
 * @param start where the day begins; without it, at the stop that leaves the shortest first way
 * @returns indexes of `stops`
 */
export function planRoute(stops: readonly Point[], start?: Point): number[] {
  // The start is a stop that stays the first.
  const points = start === undefined ? [...stops] : [start, ...stops];
  const offset = start === undefined ? 0 : 1;
  if (stops.length === 0) return [];
  const count = points.length;
  const table = new Float64Array(count * count);
  points.forEach((a, i) => points.forEach((b, j) => (table[i * count + j] = kilometresBetween(a, b))));
  const between = (i: number, j: number) => table[i * count + j] ?? 0;

  const first = offset === 1 ? [0] : [edgeOf(points)];
  const way = nearestNeighbour(first, count, between);
  for (let round = 0; round < mostRounds; round++) {
    const better = turnParts(way, offset, between);
    if (!moveStops(way, offset, between) && !better) break;
  }
  return way.slice(offset).map((at) => at - offset);
}

type Between = (i: number, j: number) => number;

/** Without a start the way begins at an edge, not in the middle of everything: at the stop farthest from the mean. */
function edgeOf(points: readonly Point[]): number {
  const mean = {
    lat: points.reduce((sum, { lat }) => sum + lat, 0) / points.length,
    lng: points.reduce((sum, { lng }) => sum + lng, 0) / points.length,
  };
  const far = points.map((point) => kilometresBetween(point, mean));
  return far.indexOf(Math.max(...far));
}

function nearestNeighbour(first: number[], count: number, between: Between): number[] {
  const left = new Set(Array.from({ length: count }, (_, at) => at).filter((at) => !first.includes(at)));
  const way = [...first];
  while (left.size > 0) {
    const here = way.at(-1) ?? 0;
    let next = -1;
    for (const at of left) if (next === -1 || between(here, at) < between(here, next)) next = at;
    left.delete(next);
    way.push(next);
  }
  return way;
}

/** 2-opt on an open way: the end may be turned too, which saves only the step that leads to it. */
function turnParts(way: number[], fixed: number, between: Between): boolean {
  const at = (index: number) => way[index] ?? 0;
  let better = false;
  for (let from = fixed; from < way.length - 1; from++) {
    for (let to = from + 1; to < way.length; to++) {
      const before = from === 0 ? 0 : between(at(from - 1), at(from));
      const after = to === way.length - 1 ? 0 : between(at(to), at(to + 1));
      const turnedBefore = from === 0 ? 0 : between(at(from - 1), at(to));
      const turnedAfter = to === way.length - 1 ? 0 : between(at(from), at(to + 1));
      if (turnedBefore + turnedAfter < before + after - worthIt) {
        way.splice(from, to - from + 1, ...way.slice(from, to + 1).reverse());
        better = true;
      }
    }
  }
  return better;
}

/** Or-opt: up to three stops in a row go to where they cost least. */
function moveStops(way: number[], fixed: number, between: Between): boolean {
  const step = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? 0 : between(a, b);
  let better = false;
  for (let length = 1; length <= 3; length++) {
    for (let from = fixed; from + length <= way.length; from++) {
      const part = way.slice(from, from + length);
      const [head, tail] = [part[0], part.at(-1)];
      const saved =
        step(way[from - 1], head) + step(tail, way[from + length]) - step(way[from - 1], way[from + length]);
      if (saved <= worthIt) continue;
      const rest = [...way.slice(0, from), ...way.slice(from + length)];
      let best = { cost: saved - worthIt, to: -1 };
      for (let to = fixed; to <= rest.length; to++) {
        const cost = step(rest[to - 1], head) + step(tail, rest[to]) - step(rest[to - 1], rest[to]);
        if (cost < best.cost) best = { cost, to };
      }
      if (best.to === -1) continue;
      way.splice(0, way.length, ...rest.slice(0, best.to), ...part, ...rest.slice(best.to));
      better = true;
    }
  }
  return better;
}
