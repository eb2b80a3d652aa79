import type { Point } from '../../../src/day-route.ts';
import { kilometresBetween } from '../../../src/day-route.ts';

/** A point on the drawing, in its units. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** Where points go on a drawing of this size, north up, with one scale for both directions. */
export interface Sketch {
  readonly spots: readonly Spot[];
  readonly width: number;
  readonly height: number;
  /** A round distance and its length on the drawing. */
  readonly scale: { readonly kilometres: number; readonly length: number };
}

const edge = 34;
/** A single point needs some surroundings. */
const leastDegrees = 0.01;
const roundKilometres = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200] as const;

/**
 * Plate carrée about the middle of the points: good enough for a district, and needs no tiles.
 *
 * @param fitted those that must be inside, when it is not all of them
 */
export function sketch(points: readonly Point[], width: number, height: number, fitted = points): Sketch {
  const lats = fitted.map(({ lat }) => lat);
  const lngs = fitted.map(({ lng }) => lng);
  const middle = { lat: (Math.min(...lats) + Math.max(...lats)) / 2, lng: (Math.min(...lngs) + Math.max(...lngs)) / 2 };
  const squeeze = Math.cos((middle.lat * Math.PI) / 180);
  const wide = Math.max((Math.max(...lngs) - Math.min(...lngs)) * squeeze, leastDegrees);
  const high = Math.max(Math.max(...lats) - Math.min(...lats), leastDegrees);
  const perDegree = Math.min((width - 2 * edge) / wide, (height - 2 * edge) / high);
  const spots = points.map(({ lat, lng }) => ({
    x: width / 2 + (lng - middle.lng) * squeeze * perDegree,
    y: height / 2 - (lat - middle.lat) * perDegree,
  }));
  const perKilometre = perDegree / kilometresBetween(middle, { ...middle, lat: middle.lat + 1 });
  const fitting = roundKilometres.filter((kilometres) => kilometres * perKilometre <= width / 3);
  const kilometres = fitting.at(-1) ?? roundKilometres[0];
  return { spots, width, height, scale: { kilometres, length: kilometres * perKilometre } };
}

/** Whether a point is so far from the others that they would shrink to one spot beside it. */
export function isFarFrom(point: Point, others: readonly Point[]): boolean {
  const away = Math.min(...others.map((other) => kilometresBetween(point, other)));
  const [first] = others;
  const across = first ? Math.max(...others.map((other) => kilometresBetween(first, other))) : 0;
  return away > Math.max(5, 1.5 * across);
}

/** Spots too near to each other to be told apart are one, with the numbers of all of them. */
export function gathered(spots: readonly Spot[], nearer: number): { spot: Spot; members: number[] }[] {
  const groups: { spot: Spot; members: number[] }[] = [];
  spots.forEach((spot, at) => {
    const near = groups.find((group) => Math.hypot(group.spot.x - spot.x, group.spot.y - spot.y) < nearer);
    if (near) near.members.push(at);
    else groups.push({ spot, members: [at] });
  });
  return groups;
}

/** `1`, `2–4`, `1, 5–7`: what stands on a gathered spot, counted from one. */
export function membersInWords(members: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const member of members) {
    const last = runs.at(-1);
    if (last && last[1] === member - 1) last[1] = member;
    else runs.push([member, member]);
  }
  return runs.map(([from, to]) => (from === to ? `${from + 1}` : `${from + 1}–${to + 1}`)).join(', ');
}
